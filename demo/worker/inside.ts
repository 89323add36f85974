import {
  type Dataset,
  evidence,
  excitation,
  type ImageShape,
  type Model,
  namesOfClasses,
  outgoingWeights,
} from '../../src/index.ts';
import type { Exciting, Explanation, Reply, Request, WeightImages } from '../protocol.ts';

/** Weights that the page gets images of, at most: the first units' of a wide network. */
const MOST_WEIGHTS = 2 ** 21;

/** Share of the weights within the range of colours: a few far greater ones would leave the rest pale. */
const DISTINGUISHED = 0.995;
/** That share is found among about so many weights. */
const SAMPLED = 20_000;

/** Images on each side of a unit: those that excite it most, and least. */
const EXTREMES = 5;
/** Multiplications between two looks at the clock, and how long the thread is kept at most, about. */
const MULTIPLICATIONS = 200_000;
const SLICE_MILLISECONDS = 20;

/** A network that the page looks into. */
export interface Opened {
  readonly model: Model;
  readonly image: ImageShape;
  readonly classNames: readonly string[];
  readonly network: WeightImages['network'];
}

/** What there is to see inside a network. */
export interface Inside {
  /** Opens another network, or the same one again after it has learned, and shows the page its weights. */
  open(run: number, opened: Opened): void;
  /** There is no network any more. */
  close(): void;
  /** Says what speaks for the network's verdict on a drawing. */
  explain(pixels: Uint8Array): void;
  /** Says what there is to know of a unit, unless another one is asked about meanwhile. */
  study(request: Extract<Request, { kind: 'unit' }>): Promise<void>;
}

/** @param data the images at hand */
export function createInside(post: (reply: Reply) => void, data: () => Dataset | undefined): Inside {
  let look = 0;
  let opened: Opened | undefined;
  let studied = 0;

  return {
    open(run, network) {
      opened = network;
      look++;
      post({ kind: 'weights', run, weights: { look, ...weightImages(network) } });
    },
    close() {
      opened = undefined;
    },
    explain(pixels) {
      const model = opened?.model;
      const fits = model?.spec.inputs === pixels.length;
      post({ kind: 'evidence', explanation: fits ? { look, ...explanationOf(model, pixels) } : null });
    },
    async study({ id, unit, pixels }) {
      studied = id;
      const model = opened?.model;
      if (!model || unit >= (model.spec.hidden[0] ?? model.spec.classes)) {
        post({ kind: 'unit', id, detail: null });
        return;
      }
      const images = data();
      const shown = images && images.shape.height * images.shape.width === model.spec.inputs;
      const extremes = shown
        ? await extremesOf(model, unit, images, () => studied === id)
        : { most: [], least: [] };
      if (!extremes) return;
      const drawn = pixels?.length === model.spec.inputs ? pixels : null;
      const outgoing = model.spec.hidden.length > 0 ? outgoingWeights(model, unit, drawn) : null;
      const detail = { unit, outgoing: outgoing && Float32Array.from(outgoing), ...extremes };
      post({ kind: 'unit', id, detail });
    },
  };
}

/** The first layer's weights as images, one per unit. */
function weightImages({ model, image, classNames, network }: Opened): Omit<WeightImages, 'look'> {
  const inputs = image.height * image.width;
  const weights = model.tensors[0]?.data ?? new Float32Array();
  const units = weights.length / inputs;
  const shown = Math.min(units, Math.max(1, Math.floor(MOST_WEIGHTS / inputs)));
  const drawn = weights.subarray(0, shown * inputs);
  const stride = Math.ceil(drawn.length / SAMPLED);
  const sizes = Float32Array.from({ length: Math.ceil(drawn.length / stride) }, (_, i) =>
    Math.abs(drawn[i * stride] ?? 0),
  ).sort();
  const scale = sizes[Math.floor(DISTINGUISHED * (sizes.length - 1))] || 1;
  const values = new Uint8Array(drawn.length);
  // `from` with a function would take seven times as long.
  for (let i = 0; i < drawn.length; i++) {
    values[i] = Math.round(128 + 127 * Math.min(1, Math.max(-1, (drawn[i] as number) / scale)));
  }
  const hiddenLayers = model.spec.hidden.length;
  return { network, shape: image, hiddenLayers, classNames, units, shown, scale, values };
}

function explanationOf(model: Model, ink: Uint8Array): Omit<Explanation, 'look'> {
  const { label, lead, logits, inputs, hidden } = evidence(model, ink);
  const [first] = hidden;
  return {
    label,
    lead,
    ink,
    pixels: Float32Array.from(inputs.contributions),
    bias: inputs.bias,
    activations: Float32Array.from(first?.values ?? logits),
    units: first ? { contributions: Float32Array.from(first.contributions), bias: first.bias } : null,
  };
}

/** The test images that excite a unit most and least, found in slices of time; null where nobody wants them any more. */
async function extremesOf(
  model: Model,
  unit: number,
  data: Dataset,
  wanted: () => boolean,
): Promise<{ readonly most: Exciting[]; readonly least: Exciting[] } | null> {
  const { images, labels, count } = data.test;
  const { inputs } = model.spec;
  const names = namesOfClasses(data);
  const excitations = new Float32Array(count);
  const together = Math.max(1, Math.floor(MULTIPLICATIONS / inputs));
  let slice = performance.now();
  for (let from = 0; from < count; from += together) {
    const part = images.subarray(from * inputs, Math.min(count, from + together) * inputs);
    excitations.set(excitation(model, unit, part), from);
    if (performance.now() - slice < SLICE_MILLISECONDS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    if (!wanted()) return null;
    slice = performance.now();
  }
  const ascending = [...excitations.keys()].sort((a, b) => (excitations[a] ?? 0) - (excitations[b] ?? 0));
  const exciting = (i: number): Exciting => {
    const label = labels[i] ?? 0;
    return {
      pixels: images.slice(i * inputs, (i + 1) * inputs),
      name: names[label] ?? String(label),
      excitation: excitations[i] ?? 0,
    };
  };
  const most = ascending.slice(-EXTREMES).reverse();
  return { most: most.map(exciting), least: ascending.slice(0, EXTREMES).map(exciting) };
}
