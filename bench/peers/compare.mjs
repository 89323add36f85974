import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Absent } from './child.mjs';
import { heldOutLoss, TOLERANCE } from './judge.mjs';
import { shadegrad } from './libraries/shadegrad.mjs';
import { ON_THE_ADAPTER, REFERENCE, startPeer } from './peers.mjs';
import { ratios, spread } from './statistics.mjs';
import { makeWork, parametersOf, writeWork } from './work.mjs';

/** @typedef {import('./statistics.mjs').Spread} Spread */

/**
 * One peer's part in a comparison. It has all fields only if it was measured.
 *
 * @typedef {object} PeerResult
 * @property {string} name
 * @property {'measured' | 'absent' | 'void'} status absent: not on this machine; void: it ran, but its results are wrong
 * @property {string} [why] it is absent or void
 * @property {string} [library] name and version
 * @property {string} [backend] what really ran
 * @property {string} [device] what it ran on
 * @property {string} [notes]
 * @property {number} [checkedLoss] of the held-out samples, after the check's steps from the initial weights
 * @property {number} [finalLoss] of the held-out samples, after all rounds
 * @property {number} [stepsPerRound]
 * @property {number[]} [roundSeconds]
 * @property {Spread} [stepsPerSecond]
 * @property {Spread} [imagesPerSecond]
 * @property {Spread} [shadegradIsFaster] Shadegrad's speed over this peer's, round by round
 *
 * @typedef {object} Runner
 * @property {PeerResult} result
 * @property {import('./child.mjs').Child} [child]
 * @property {number} stepsPerSecond as last seen
 * @property {number} unit steps that a round must be a multiple of
 */

/** Steps after which all peers must have learned the same. */
const CHECK_STEPS = 100;

/** Test samples whose loss shows what was learned. */
const HELD_OUT = 1000;

/** The most warm-up rounds; they end when one is about as long as a timed round. */
const WARM_UPS = 5;

/**
 * Trains the same network in all peers and measures them in turns.
 *
 * @param {import('./options.mjs').Options} options
 * @param {(line: string) => void} say receives what is being done
 * @throws if Shadegrad cannot be measured, since there is then nothing to compare with
 */
export async function compare(options, say) {
  const { rounds, seconds, batchSize, hidden, seed } = options;
  const data = await shadegrad.loadDataset(process.env.MNIST_DIR ? 'mnist' : 'synthetic');
  const spec = { inputs: data.shape.height * data.shape.width, hidden: [hidden], classes: data.classes };
  const sizes = { inputs: spec.inputs, hidden, classes: spec.classes };
  const model = shadegrad.initialModel(spec, seed);
  const heldOut = { ...data.test, count: Math.min(HELD_OUT, data.test.count) };
  const initialLoss = heldOutLoss(parametersOf(model), sizes, heldOut);
  const wholeBatches = Math.floor(data.train.count / batchSize);
  if (wholeBatches < 1) throw new Error(`${data.name} has ${data.train.count} samples: use a smaller batch.`);

  const folder = mkdtempSync(join(tmpdir(), 'shadegrad-peers-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);

  const runners = [REFERENCE, ...options.peers].map((name) => newRunner(name));
  const [reference = newRunner(REFERENCE)] = runners;

  /** @type {(what: string, phase: (runner: Runner) => Promise<void>) => Promise<void>} */
  const each = async (what, phase) => {
    for (const runner of runners) {
      if (runner.result.status !== 'measured') continue;
      say(`${what}: ${runner.result.name}`);
      await phase(runner).catch((error) => leaveOut(runner, error));
      if (reference.result.status !== 'measured') throw new Error(`Shadegrad: ${reference.result.why}`);
    }
  };

  /** @param {Runner} runner */
  const learnedLoss = async (runner) => {
    const file = join(folder, 'parameters.trained');
    await ask(runner, { do: 'parameters', file });
    const bytes = new Uint8Array(await readFile(file));
    return heldOutLoss(new Float32Array(bytes.buffer), sizes, heldOut);
  };

  try {
    await each('start', async (runner) => {
      const { name } = runner.result;
      runner.child = startPeer(name, options);
      Object.assign(runner.result, await runner.child.hello());
      const { device } = runner.result;
      if (ON_THE_ADAPTER.includes(name) && device !== reference.result.device)
        throw new Error(`It runs on ${device}, and Shadegrad on ${reference.result.device}.`);
    });

    const checkSteps = Math.min(CHECK_STEPS, wholeBatches);
    const check = makeWork(data, model, { steps: checkSteps, batchSize, seed });
    const checkFolder = join(folder, 'check');
    await writeWork(checkFolder, check);
    await each('check', async (runner) => {
      runner.unit = runner === reference ? checkSteps : 1;
      await ask(runner, { do: 'prepare', folder: checkFolder });
      await train(runner, checkSteps);
      const loss = await learnedLoss(runner);
      runner.result.checkedLoss = loss;
      const expected = reference.result.checkedLoss ?? Number.NaN;
      if (!(Math.abs(loss - expected) <= TOLERANCE))
        throw new Error(
          `Its loss after ${checkSteps} steps is ${loss}, and Shadegrad's ${expected}: other work.`,
        );
    });

    // Shadegrad's trainer trains whole epochs, so an epoch is as long as one of its rounds, but at most all batches.
    await train(reference, checkSteps);
    const stepsPerEpoch = Math.min(wholeBatches, Math.max(1, Math.round(reference.stepsPerSecond * seconds)));
    reference.unit = stepsPerEpoch;
    const timedFolder = join(folder, 'timed');
    await writeWork(timedFolder, makeWork(data, model, { steps: stepsPerEpoch, batchSize, seed }));
    await each('warm up', async (runner) => {
      const { notes } = await ask(runner, { do: 'prepare', folder: timedFolder });
      runner.result.notes = notes;
      for (let i = 0; i < WARM_UPS; i++) {
        if ((await train(runner, stepsPerRound(runner, seconds))) > seconds / 2) break;
      }
      runner.result.stepsPerRound = stepsPerRound(runner, seconds);
      runner.result.roundSeconds = [];
    });

    for (let round = 1; round <= rounds; round++) {
      await each(`round ${round} of ${rounds}`, async (runner) => {
        const { stepsPerRound: steps = 0, roundSeconds } = runner.result;
        roundSeconds?.push(await train(runner, steps));
      });
    }

    await each('last check', async (runner) => {
      const loss = await learnedLoss(runner);
      runner.result.finalLoss = loss;
      if (!(loss < initialLoss))
        throw new Error(`Its loss went from ${initialLoss} to ${loss}: it did not learn.`);
    });

    for (const runner of runners) addFigures(runner.result, reference.result, batchSize);
    return {
      network: [spec.inputs, hidden, spec.classes],
      batchSize,
      seed,
      dataset: data.name,
      samplesPerEpoch: stepsPerEpoch * batchSize,
      adam: check.adam,
      check: { steps: checkSteps, heldOut: heldOut.count, initialLoss, tolerance: TOLERANCE },
      rounds,
      secondsPerRound: seconds,
      peers: runners.map(({ result }) => result),
    };
  } finally {
    for (const { child } of runners) child?.stop();
    remove();
    process.off('exit', remove);
  }
}

/**
 * @param {string} name
 * @returns {Runner}
 */
function newRunner(name) {
  return { result: { name, status: 'measured' }, stepsPerSecond: 0, unit: 1 };
}

/**
 * @param {Runner} runner
 * @param {unknown} error
 */
function leaveOut({ result, child }, error) {
  result.status = error instanceof Absent ? 'absent' : 'void';
  result.why = error instanceof Error ? error.message : String(error);
  child?.stop();
}

/**
 * @param {Runner} runner
 * @param {import('./libraries/serve.mjs').Request} request
 */
function ask({ child }, request) {
  if (!child) throw new Error('It has not been started.');
  return child.ask(request);
}

/**
 * @param {Runner} runner
 * @param {number} steps
 * @returns {Promise<number>} seconds
 */
async function train(runner, steps) {
  const { seconds } = await ask(runner, { do: 'train', steps });
  runner.stepsPerSecond = steps / seconds;
  return seconds;
}

/**
 * @param {Runner} runner
 * @param {number} seconds
 */
function stepsPerRound({ stepsPerSecond, unit }, seconds) {
  return unit * Math.max(1, Math.round((stepsPerSecond * seconds) / unit));
}

/**
 * @param {PeerResult} result
 * @param {PeerResult} reference
 * @param {number} batchSize
 */
function addFigures(result, reference, batchSize) {
  if (result.status !== 'measured') return;
  const rates = ratesOf(result);
  result.stepsPerSecond = spread(rates);
  result.imagesPerSecond = spread(rates.map((rate) => rate * batchSize));
  result.shadegradIsFaster = ratios(ratesOf(reference), rates);
}

/** @param {PeerResult} result */
function ratesOf({ roundSeconds = [], stepsPerRound = 0 }) {
  return roundSeconds.map((seconds) => stepsPerRound / seconds);
}
