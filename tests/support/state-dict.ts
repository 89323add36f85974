/** A tensor as it is in a file; without bytes it holds zeros. */
export interface Stored {
  readonly name: string;
  readonly shape: readonly number[];
  /** F32 by default. */
  readonly type?: string;
  readonly bytes?: Uint8Array;
}

const SIZES: Readonly<Record<string, number>> = { F16: 2, BF16: 2, F32: 4, F64: 8, I64: 8, U8: 1 };

/** A safetensors file as other programs write it: tensors in the order given, of any type and name. */
export function stateDict(tensors: readonly Stored[], metadata?: unknown): Uint8Array {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const { name, shape, type = 'F32', bytes } of tensors) {
    const count = shape.reduce((product, size) => product * size, 1);
    const part = bytes ?? new Uint8Array(count * (SIZES[type] ?? 4));
    header[name] = { dtype: type, shape, data_offsets: [offset, offset + part.length] };
    offset += part.length;
    parts.push(part);
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(new BigUint64Array([BigInt(json.length)]).buffer);
  return new Uint8Array(Buffer.concat([length, json, ...parts]));
}

/** Weights and biases of layers, named and sized as given: `['fc1', 784, 100]`. */
export function layers(...described: readonly [name: string, inputs: number, outputs: number][]): Stored[] {
  return described.flatMap(([name, inputs, outputs]) => [
    { name: `${name}.weight`, shape: [outputs, inputs] },
    { name: `${name}.bias`, shape: [outputs] },
  ]);
}
