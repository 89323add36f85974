import { assertBytes, assertImages } from '../data/bytes.ts';
import type { Samples } from '../data/dataset.ts';
import { ShadegradError } from '../errors.ts';
import { place, upload } from '../gpu/buffers.ts';
import { padded } from '../model/layout.ts';
import type { MlpSpec } from '../model/spec.ts';
import { samplesBytes } from './plans/sizes.ts';

/** Images, and labels where they are known, on the GPU as the bytes of their IDX files. */
export interface Resident {
  readonly count: number;
  readonly labelled: boolean;
  /** Each image padded to whole words; the labels, if any, follow the images. */
  readonly samples: GPUBuffer;
}

/**
 * Copies samples to the GPU.
 * @param labels [count], or undefined for prediction
 * @throws ShadegradError `usage` if something other than bytes is given, `bad-data` if lengths or labels do not fit
 *   `spec`, `gpu` if memory runs out
 */
export async function makeResident(
  device: GPUDevice,
  spec: MlpSpec,
  { images, labels, count }: Omit<Samples, 'labels'> & { labels?: Uint8Array },
): Promise<Resident> {
  assertImages(images, count, spec.inputs);
  if (labels !== undefined) assertBytes(labels, 'the labels of images');
  const outside = labels?.findIndex((label) => label >= spec.classes) ?? -1;
  if (labels && (labels.length !== count || outside >= 0)) {
    throw new ShadegradError(
      'bad-data',
      labels.length !== count
        ? `There are ${labels.length} labels for ${count} images.`
        : `Label ${labels[outside]} of sample ${outside} is not one of the network's ${spec.classes} classes.`,
      'Give one label for each image, from 0 to the number of classes less one.',
    );
  }
  const row = padded(spec.inputs);
  const size = samplesBytes({ spec, samples: count }, labels !== undefined);
  const samples = await upload(device, 'samples', size, (part, from) => {
    if (row === spec.inputs) place(part, from, images);
    else {
      const end = Math.min(count, Math.ceil((from + part.length) / row));
      for (let i = Math.floor(from / row); i < end; i++) {
        place(part, from, images.subarray(i * spec.inputs, (i + 1) * spec.inputs), i * row);
      }
    }
    if (labels) place(part, from, labels, count * row);
  });
  return { count, labelled: labels !== undefined, samples };
}
