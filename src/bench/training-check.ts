import { padded, parameterCount } from '../model/layout.ts';
import { denseLayers } from '../model/spec.ts';
import { gather } from '../reference/kernels.ts';
import { initialState, trainingStep } from '../reference/training.ts';
import { matrixShapeOf } from '../train/plan.ts';
import { trainingSteps } from '../train/step.ts';
import type { TrainingRun } from './training-run.ts';
import { NETWORK_RATE, OPTIMIZER, type TrainingWork } from './training-work.ts';

/** Most multiply-adds of the float64 twins: a few tenths of a second. */
const TWIN_OPERATIONS = 4e7;
/** Two steps: the second one's loss depends on everything that the first one updated. */
const STEPS = 2;
/** Multiply-adds for each parameter and sample: forward, gradient of the input, gradient of the parameters. */
const PER_PARAMETER = 3;
/** Tolerance of the loss: the device rounds to float32 in every operation of two steps. */
const TOLERANCE = 1e-4;
/**
 * The same where the factors of products are rounded to float16, by what sums are made in: errors of those in float16 are
 * 2.7 times as large, see docs/numerics.md.
 */
const HALF_TOLERANCES = { f32: 2e-3, f16: 5.4e-3 } as const;

/**
 * Trains two steps on a fresh run and compares the first and the last model's losses with the float64 twin's. The steps
 * have as many samples as the twin can do in a moment.
 *
 * @returns what is wrong, in words, if anything is, and the samples of each step: 0 if even one is too many
 * @throws ShadegradError `gpu`, `device-lost` or `interrupted`
 */
export async function checkAgainstTwin(
  run: TrainingRun,
  work: TrainingWork,
  signal: AbortSignal | undefined,
): Promise<{ readonly samples: number; readonly wrong?: string }> {
  const { spec, models, batch } = work.sizes;
  const checked = [...new Set([0, models - 1])];
  const parameters = denseLayers(spec).reduce((sum, layer) => sum + parameterCount(layer), 0);
  const perSample = PER_PARAMETER * parameters * STEPS * checked.length;
  const samples = Math.min(batch, Math.floor(TWIN_OPERATIONS / perSample));
  if (samples === 0) return { samples };
  const losses: number[][] = [];
  for (let i = 0; i < STEPS; i++) {
    await run.advance(1, signal, samples);
    losses.push(await run.lossSums(1));
  }
  const shape = matrixShapeOf(work.plan);
  const tolerance = shape ? HALF_TOLERANCES[shape.sums] : TOLERANCE;
  for (const model of checked) {
    for (const [i, twin] of twinLosses(work, model, samples).entries()) {
      const loss = losses[i]?.[model] ?? Number.NaN;
      if (!(Math.abs(loss - twin) <= tolerance * Math.abs(twin))) {
        const wrong = `step ${i + 1} of model ${model + 1} has the loss ${loss}, and its float64 twin ${twin}`;
        return { samples, wrong };
      }
    }
  }
  return { samples };
}

/** The losses of a model's first steps of `count` samples each. */
function twinLosses({ sizes, images, labels, order, initial }: TrainingWork, model: number, count: number) {
  const { spec, batch, orderLength } = sizes;
  const layers = denseLayers(spec);
  const own = order.subarray(model * orderLength, (model + 1) * orderLength);
  let state = initialState(
    OPTIMIZER,
    layers.map(({ outputs }, i) => withoutPadding(initial[model]?.[i] ?? new Float32Array(), outputs)),
  );
  const steps = trainingSteps(STEPS * batch, batch, 0, OPTIMIZER, () => [NETWORK_RATE]);
  return steps.slice(0, STEPS).map((full) => {
    const step = { ...full, count };
    const x = gather({ models: 1, batch: count, inputs: spec.inputs, orderLength }, step, images, own);
    const picked = own.subarray(step.offset, step.offset + count);
    const stepped = trainingStep(
      spec,
      OPTIMIZER,
      step,
      x,
      Uint8Array.from(picked, (i) => labels[i] ?? 0),
      state,
    );
    state = stepped.state;
    return stepped.loss;
  });
}

function withoutPadding(packed: Float32Array, columns: number): Float64Array {
  const stride = padded(columns);
  return Float64Array.from({ length: (packed.length / stride) * columns }, (_, i) => {
    return packed[Math.floor(i / columns) * stride + (i % columns)] ?? Number.NaN;
  });
}
