import type { KernelResult } from '../../src/bench.ts';
import type { PlanName } from '../../src/index.ts';
import type { Word } from './explained.ts';

/** The benchmark's words, each explained once. */
export const WORDS = {
  floor: {
    term: 'Floor',
    text: 'What no shader on this machine can beat: the time of an empty dispatch, of the multiply-adds, or of reading and writing the memory, whichever is longest.',
  },
  share: {
    term: 'Share of floor',
    text: 'The shortest time that this machine could need, as a share of the time it took. 100 % is the best there can be. More means that the machine was slower while the floor was measured.',
  },
  boundBy: {
    term: 'Bound by',
    text: 'What the floor of this row is made of: of the memory, the arithmetic and the dispatch itself, the one that takes longest even at its best.',
  },
  best: {
    term: 'Best',
    text: 'The best of all measurements. Shares of the floor are shares of these.',
  },
  median: {
    term: 'Time',
    text: 'The median of one dispatch: half of the measurements were faster, half were slower.',
  },
  step: {
    term: 'Step',
    text: 'The median time of a whole step, by wall clock, with everything that a training waits for: half of the measurements were faster, half were slower.',
  },
  interval: {
    term: '95 % interval',
    text: 'Where the true median lies, in at least 95 % of such measurements. A wide interval means a restless machine.',
  },
  p95: { term: 'p95', text: 'The 95th percentile: of a hundred measurements, 95 took no longer.' },
  ended: {
    term: 'Ended',
    text: 'Why no more was measured. Precise: the interval was within 3 % of the median. Time: the time for it was over before.',
  },
  checked: {
    term: 'Values checked',
    text: 'How many of the values that it wrote were compared with what float64 computes, before the time counted.',
  },
  lossChecked: {
    term: 'Checked',
    text: 'The losses of two steps were compared with what float64 computes, with so many images each; where a network is too large for that, only that its loss falls.',
  },
  operations: {
    term: 'Arithmetic',
    text: 'Multiplications and additions a second: a GFLOP/s is a billion of them. A multiply-add counts as two.',
  },
  traffic: {
    term: 'Memory',
    text: 'Bytes read and written a second, each that the work needs counted once: a GB/s is a billion of them.',
  },
  kernel: {
    term: 'Kernel',
    text: 'A shader that computes: one file in WGSL, which the GPU runs many times at once.',
  },
  size: {
    term: 'Size',
    text: '784-100@32 is a layer of 784 inputs and 100 outputs with 32 images, 1024^3 a product of square matrices, a single number so many values.',
  },
  plan: {
    term: 'Plan',
    text: 'A way to split a step of training into dispatches. All plans compute the same; which one is fastest depends on the machine.',
  },
  network: {
    term: 'Network',
    text: '784-100-10 has 784 inputs, one hidden layer of 100 units, and 10 classes.',
  },
  batch: { term: 'Batch', text: 'The images of a step: after each batch the weights change once.' },
  images: { term: 'Images/s', text: 'Images a second that the network learns from.' },
  host: {
    term: 'Host',
    text: 'The host is the program beside the GPU: this is its time to prepare a step. Where it is longer than the step, the GPU waits.',
  },
  dispatches: {
    term: 'Dispatches',
    text: 'How many kernels run in a step, one after the other. On a GPU the gaps between them are most of a small step.',
  },
  loss: {
    term: 'Loss',
    text: 'How wrong the network is, before and after what was measured: 2.3 is guessing, 0 is perfect.',
  },
  void: {
    term: 'Void',
    text: 'It computed something else than float64 does, or did not learn: how fast it was says nothing.',
  },
  skipped: {
    term: 'Skipped',
    text: 'It was not run: this machine lacks something for it, or it would have taken too long.',
  },
  dispatch: {
    term: 'Dispatch after dispatch',
    text: 'A dispatch is one run of a kernel. This is the time of one that does nothing but wait for the one before it.',
  },
  roundTrip: {
    term: 'Round trip',
    text: 'The time from handing work to the GPU until the page hears that it is done, with next to no work.',
  },
  copy: {
    term: 'Copying',
    text: 'Reading and writing so much memory, both counted. Small copies may stay in a cache, the largest one hardly does.',
  },
  multiplyAdds: {
    term: 'Multiply-adds',
    text: 'a x b + c, again and again, without memory: the most arithmetic that this machine does. A network is little else.',
  },
  halfMultiplyAdds: {
    term: 'Multiply-adds in float16',
    text: 'The same with numbers of half the precision, which some machines do twice as fast.',
  },
  sharedMultiplyAdds: {
    term: 'Multiply-adds, loads shared',
    text: 'The same with numbers from memory, each loaded once and used by several neighbours.',
  },
  roofline: {
    term: 'Roofline',
    text: 'Left, kernels do little arithmetic for each byte, and memory limits them: the slope. Right, arithmetic does: the roof. A point is a kernel at a size; the nearer to the line, the better.',
  },
  clock: {
    term: 'Clock',
    text: "The GPU's own timestamps are exact but come in steps. Without them, times are those that the page sees.",
  },
} as const satisfies Readonly<Record<string, Word>>;

type KernelName = KernelResult['kernel'];

/** Kernels of the same name before `_quads`, `_lanes` or `_matrix` compute the same. */
type BaseName = {
  [K in KernelName]: K extends `${infer B}_quads`
    ? B
    : K extends `${infer B}_lanes`
      ? B
      : K extends `${infer B}_matrix`
        ? B
        : K;
}[KernelName];

const KERNELS: Readonly<Record<string, string>> = {
  gather: 'Picks the images of a batch and makes their bytes numbers from 0 to 1.',
  matmul: "The product of two matrices: most of a network's work.",
  bias: "Adds a layer's bias to its outputs.",
  relu: 'Sets negative outputs to 0.',
  relu_gradient: 'Takes the gradient back through a ReLU: 0 where the output was 0.',
  bias_gradient: "Adds up the batch's gradients to that of the bias.",
  softmax: "Makes a network's outputs probabilities.",
  softmax_cross_entropy: 'The loss of a batch, how many images were right, and the gradient that goes back.',
  update: 'Changes the weights by their gradient, as the optimizer says.',
  dense: 'A layer forwards: product, bias and ReLU in one go.',
  dense_bytes: "The first layer forwards, from the images' bytes: product, bias and ReLU in one go.",
  head: 'The output layer forwards and back: probabilities, loss and both gradients in one go.',
  dense_input_gradient: 'Takes the gradient back through a layer, to its inputs.',
  dense_update: "The gradient of a layer's weights, and their change, in one go.",
  fused_step: 'A whole step of training a network with one hidden layer, in one dispatch.',
  fused_layout: 'Brings the weights into the order in which fused_step reads them.',
  floor_empty: 'Does next to nothing: what is left is the time of a dispatch.',
  floor_copy: 'Reads memory and writes it elsewhere.',
  floor_fma: 'Multiplies and adds numbers, without memory.',
  floor_fma_half: 'Multiplies and adds in float16, without memory.',
  floor_fma_shared: 'Multiplies and adds numbers that neighbours share.',
} satisfies Readonly<Record<BaseName, string>>;

const WAYS: readonly (readonly [ending: string, text: string])[] = [
  ['_quads', ' Made for processors that compute four numbers at a time.'],
  ['_lanes', ' Made for processors that compute 4, 8 or 16 numbers at a time.'],
  ['_matrix', " Runs on a GPU's matrix units, in half precision."],
];

/** What a kernel computes. */
export function kernelWord(kernel: KernelName): Word {
  const [ending, way] = WAYS.find(([ending]) => kernel.endsWith(ending)) ?? ['', ''];
  return { term: kernel, text: `${KERNELS[kernel.slice(0, kernel.length - ending.length)]}${way}` };
}

const PLANS: Readonly<Record<PlanName, string>> = {
  fused: 'A whole step in one dispatch, for networks with one hidden layer: no gaps between dispatches.',
  'fused-2': 'As fused, with two hidden units to a workgroup.',
  'fused-4': 'As fused, with four hidden units to a workgroup.',
  layered:
    "For any network: about one dispatch for a layer's outputs and one for its update, in tiles that suit its size.",
  'layered-32': 'As layered, in tiles of 32 x 32.',
  'layered-64': 'As layered, in tiles of 64 x 64.',
  'layered-128': 'As layered, in tiles of 128 x 128.',
  'layered-lanes': 'As layered, made for processors that compute 4, 8 or 16 numbers at a time.',
  'layered-quads': 'As layered, made for processors that compute four numbers at a time.',
  'layered-matrix': "As layered, on a GPU's matrix units, in half precision.",
  unfused:
    'Each operation is a dispatch of its own: the easiest to read, and what the others are tested against.',
};

/** How a plan splits a step. */
export function planWord(plan: PlanName): Word {
  return { term: plan, text: PLANS[plan] };
}
