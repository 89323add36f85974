// Compares ratios of speeds measured now with recorded ones. Times differ from machine to machine and from minute to
// minute, but two things measured in turn in one run slow down together.
//
//   npm run bench:check               fails if a ratio is less than TOLERATED times the recorded one
//   npm run bench:check -- --record   records this adapter's ratios in bench/recorded.json instead
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchKernels, benchTraining, nodeVersions, openDevice, ShadegradError } from '../dist/node.js';
import { spread } from './peers/statistics.mjs';

/** On a quiet machine ratios differ by up to a fifth between runs; breaking a kernel costs more. */
const TOLERATED = 0.7;

const RECORDED = new URL('recorded.json', import.meta.url);

/** @typedef {Record<string, number>} Ratios */

const ROUNDS = 5;

/**
 * For each ratio the median of several rounds, since a shared machine has slow moments.
 *
 * @param {import('../dist/types/index.d.ts').BenchSubject} subject
 * @returns {Promise<Ratios>}
 */
async function measure(subject) {
  /** @type {Record<string, number[]>} */
  const all = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, ratio] of Object.entries(await measureOnce(subject))) {
      all[name] = [...(all[name] ?? []), ratio];
    }
  }
  return Object.fromEntries(Object.entries(all).map(([name, values]) => [name, spread(values).median]));
}

/**
 * @param {import('../dist/types/index.d.ts').BenchSubject} subject
 * @returns {Promise<Ratios>}
 */
async function measureOnce(subject) {
  const fast = subject.adapter.software ? ['layered-quads'] : ['fused', 'layered'];
  const plans = /** @type {import('../dist/types/index.d.ts').PlanName[]} */ ([...fast, 'unfused']);
  const { training } = await benchTraining(subject, {
    plans,
    batchSizes: [32, 256],
    samples: 3,
    windowMilliseconds: 100,
  });
  /** @param {string} plan @param {number} batchSize */
  const rate = (plan, batchSize) => {
    const result = training.find((one) => one.plan === plan && one.batchSize === batchSize);
    if (result?.status === 'measured') return result.imagesPerSecond;
    throw new Error(`${plan}, batch ${batchSize}: ${result?.reason ?? 'not measured'}`);
  };
  /** @type {Ratios} */
  const ratios = {};
  for (const plan of fast) {
    ratios[`${plan} / unfused, images/s at batch 32`] = rate(plan, 32) / rate('unfused', 32);
    ratios[`${plan}, images/s at batch 256 / at batch 32`] = rate(plan, 256) / rate(plan, 32);
  }
  const only = subject.adapter.software
    ? ['dense_bytes_quads/784-100@32', 'dense_update_quads/784-100@32', 'dense_quads/1024-1024@256']
    : ['dense/784-100@32', 'dense_update/784-100@32', 'dense/1024-1024@256'];
  for (const result of (await benchKernels(subject, { only, samples: 5 })).kernels) {
    if (result.status !== 'measured') throw new Error(`${result.kernel}: ${result.reason}`);
    ratios[`${result.kernel} ${result.size}: share of the floor`] = result.share;
  }
  return ratios;
}

/**
 * @param {Ratios} ratios
 * @param {Ratios} recorded
 * @returns {boolean} whether all are as good as they were
 */
function compare(ratios, recorded) {
  let good = true;
  for (const name of new Set([...Object.keys(recorded), ...Object.keys(ratios)])) {
    const [now, before] = [ratios[name], recorded[name]];
    const kept = now !== undefined && before !== undefined && now >= TOLERATED * before;
    good &&= kept;
    const told = before === undefined ? 'not recorded: use --record' : `recorded ${before.toFixed(3)}`;
    console.log(`${kept ? 'good ' : 'WORSE'}  ${now?.toFixed(3) ?? 'not measured'}  ${told}  ${name}`);
  }
  return good;
}

const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });
const { device, info, toggles } = await openDevice({
  robustness: false,
  optionalFeatures: ['subgroups', 'timestamp-query'],
});
try {
  const subject = { device, adapter: info, toggles, versions: await nodeVersions() };
  const ratios = await measure(subject);
  const all = JSON.parse(await readFile(RECORDED, 'utf8'));
  const recorded = all[info.description];
  if (values.record) {
    const rounded = Object.entries(ratios).map(([name, value]) => [name, Number(value.toPrecision(3))]);
    all[info.description] = Object.fromEntries(rounded);
    await writeFile(RECORDED, `${JSON.stringify(all, null, 2)}\n`);
    console.log(`Recorded ${rounded.length} ratios of ${info.description}.`);
  } else if (!recorded) {
    console.error(
      `No ratios are recorded for ${info.description}.\nRun "npm run bench:check -- --record" first.`,
    );
    process.exitCode = 1;
  } else if (!compare(ratios, recorded)) {
    // By now a slow moment is over, but a slow kernel is still slow.
    console.log('Once more:');
    if (!compare(await measure(subject), recorded)) process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof ShadegradError)) throw error;
  console.error(`${error.message}\n${error.nextStep}`);
  process.exitCode = 1;
} finally {
  device.destroy();
}
