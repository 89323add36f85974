import * as ort from 'onnxruntime-web';

ort.env.wasm.numThreads = 1;

/** A model of ONNX's as ONNX Runtime runs it. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(pixels: Float32Array | Uint8Array, inputs: number): Promise<Record<string, OnnxOutput>>;
}

export interface OnnxOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export async function onnxSession(model: Uint8Array): Promise<OnnxSession> {
  const session = await ort.InferenceSession.create(model);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(pixels, inputs) {
      const type = pixels instanceof Float32Array ? 'float32' : 'uint8';
      const tensor = new ort.Tensor(type, pixels, [pixels.length / inputs, inputs]);
      const results = await session.run({ pixels: tensor });
      return Object.fromEntries(
        Object.entries(results).map(([name, { dims, data }]) => {
          if (!(data instanceof Float32Array)) throw new Error(`${name} is not of float32`);
          return [name, { dims, data }];
        }),
      );
    },
  };
}

/** Pixels as a model without `bytes` takes them. */
export function scaled(bytes: Uint8Array): Float32Array {
  const floats = new Float32Array(bytes);
  for (const [i, byte] of bytes.entries()) floats[i] = byte / 255;
  return floats;
}
