import { ShadegradError } from '../errors.ts';
import type { Tensor } from './model.ts';
import { quote, type StoredTensor, unreadableType } from './safetensors.ts';

/**
 * A stored tensor's numbers in float32: F32, F16 and BF16 exactly, F64 rounded to the nearest.
 *
 * @throws ShadegradError `bad-model` where they are of another type, or a finite F64 is too large for float32
 */
export function floats({ name, type, shape, bytes }: StoredTensor): Tensor {
  // A copy, since the bytes may not be aligned for numbers. `slice` would not copy Node's Buffers.
  const { buffer } = new Uint8Array(bytes);
  switch (type) {
    case 'F32':
      return { name, shape, data: new Float32Array(buffer) };
    case 'F16':
      return { name, shape, data: Float32Array.from(new Uint16Array(buffer), fromHalf) };
    case 'BF16': {
      // A bfloat16 is the upper half of a float32.
      const words = Uint32Array.from(new Uint16Array(buffer), (upper) => upper << 16);
      return { name, shape, data: new Float32Array(words.buffer) };
    }
    case 'F64':
      return { name, shape, data: fromDoubles(new Float64Array(buffer), name) };
    default:
      throw unreadableType(name, type);
  }
}

/** IEEE 754 binary16: a sign, 5 bits of exponent with a bias of 15, 10 bits of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function fromDoubles(doubles: Float64Array, name: string): Float32Array {
  const rounded = Float32Array.from(doubles);
  const overflow = rounded.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(doubles[i]));
  if (overflow < 0) return rounded;
  throw new ShadegradError(
    'bad-model',
    `Tensor ${quote(name)} of the model file holds ${doubles[overflow]}, more than a 32-bit float can.`,
    'Train again with a smaller learning rate.',
  );
}
