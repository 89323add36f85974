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

/**
 * A tensor as a file of half precision holds it: as binary16, each number rounded to the nearest, of two equally near ones to the even.
 *
 * @throws ShadegradError `bad-model` where a finite number is too large: 65,520 and more would become infinite
 */
export function halves({ name, shape, data }: Tensor): StoredTensor {
  const overflow = data.find((value) => Number.isFinite(value) && Math.abs(value) >= 65_520);
  if (overflow !== undefined) {
    throw new ShadegradError(
      'bad-model',
      `Tensor ${quote(name)} of the model holds ${overflow}, more than a 16-bit float can.`,
      'Save the model in single precision.',
    );
  }
  const bits = new Uint32Array(Float32Array.from(data).buffer);
  return { name, type: 'F16', shape, bytes: new Uint8Array(Uint16Array.from(bits, toHalf).buffer) };
}

/** @param bits of a float32: a sign, 8 bits of exponent with a bias of 127, 23 bits of fraction */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const biased = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (biased === 0xff) return sign | (fraction === 0 ? 0x7c00 : 0x7e00);
  // Below 2^-14 halves are evenly spaced. Subnormal float32 are far below half of the least half.
  const exponent = Math.max(-14, biased - 127);
  const steps = (1 + fraction / 2 ** 23) * 2 ** (biased - 127 - exponent + 10);
  // From 2^52 on a float64 has no fraction, so the sum is rounded to a whole number, of two equally near ones to the even.
  const whole = steps + 2 ** 52 - 2 ** 52;
  // A normal half has 1024 steps or more; the 1024 raise the exponent by one, and 2048 by two.
  return sign | (((exponent + 14) << 10) + whole);
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
