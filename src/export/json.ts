import type { ImageShape } from '../data/dataset.ts';
import { tensor } from '../model/model.ts';
import type { ModelFile } from '../model/model-file.ts';
import { denseLayers } from '../model/spec.ts';
import { joinedBytes } from './bytes.ts';
import { shortestDecimal } from './decimals.ts';
import { exportedMetadata } from './metadata.ts';

/** Version of the layout; raised when readers of older ones would misread it. */
const VERSION = 1;

/** A network as plain JSON, as {@link encodeJson} writes it. */
export interface JsonNetwork {
  /** Tells such a file from other JSON. */
  readonly format: 'shadegrad.network';
  /** Of the layout: 1. */
  readonly version: number;
  /** Inputs per sample. */
  readonly inputs: number;
  /** Width of each hidden layer, first to last. */
  readonly hidden: readonly number[];
  /** Outputs. */
  readonly classes: number;
  /** Size of the images, whose pixels are the inputs, row by row, each byte / 255; null where it is not known. */
  readonly image: ImageShape | null;
  /** What each class is called: [classes]; null where they have numbers only. */
  readonly classNames: readonly string[] | null;
  /** All notes of the model file, see `encodeModel`: the dataset, what its images are like, settings. */
  readonly metadata: Readonly<Record<string, string>>;
  /** First to last: outputs = activation(weight inputs + bias). */
  readonly layers: readonly {
    /** ReLU between the layers, softmax at the end. */
    readonly activation: 'relu' | 'softmax';
    /** Rows of [outputs, inputs]. */
    readonly weight: readonly (readonly number[])[];
    /** [outputs] */
    readonly bias: readonly number[];
  }[];
}

/**
 * A network as JSON, UTF-8, in the layout of {@link JsonNetwork}. Each number is the shortest decimal that gives the same
 * float32 again: read as float64 and rounded to float32, weights have the bits that they have here.
 *
 * @throws ShadegradError `bad-model` where the file's notes are not those of a model of this spec
 */
export function encodeJson(file: ModelFile): Uint8Array<ArrayBuffer> {
  const { model, image, classNames } = file;
  const { spec } = model;
  const described = {
    format: 'shadegrad.network',
    version: VERSION,
    ...spec,
    image,
    classNames,
    metadata: exportedMetadata(file),
  } satisfies Omit<JsonNetwork, 'layers'>;
  const layers = denseLayers(spec).map(({ inputs, outputs }, i): string[] => {
    const weight = tensor(model, `${2 * i}.weight`);
    const rows = Array.from({ length: outputs }, (_, n) =>
      numbers(weight.subarray(n * inputs, (n + 1) * inputs)),
    );
    const activation = i < spec.hidden.length ? 'relu' : 'softmax';
    return [
      `    {\n      "activation": "${activation}",\n      "weight": [\n`,
      ...rows.map((row, n) => `        ${row}${n < rows.length - 1 ? ',' : ''}\n`),
      `      ],\n      "bias": ${numbers(tensor(model, `${2 * i}.bias`))}\n    }${i < spec.hidden.length ? ',' : ''}\n`,
    ];
  });
  const head = JSON.stringify(described, null, 2).replace(/\n}$/, ',\n  "layers": [\n');
  // In pieces, since one string cannot hold the weights of a large network.
  const encoder = new TextEncoder();
  return joinedBytes([head, ...layers.flat(), '  ]\n}\n'].map((piece) => encoder.encode(piece)));
}

function numbers(values: Float32Array): string {
  return `[${Array.from(values, shortestDecimal).join(', ')}]`;
}
