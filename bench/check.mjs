// Compares ratios of speeds measured now with recorded ones. Times differ from machine to machine and from minute to
// minute, but two things measured in turns in one run slow down together.
//
//   npm run bench:check                              compares
//   npm run bench:check -- --record                  records this adapter's ratios in bench/recorded.json instead
//   npm run bench:check -- --adapter llvmpipe        on the adapter that has this in its name or driver
//
// Exit codes: 0 each ratio is as it was, or better; 1 one is slower; 2 nothing can be compared; 3 undecided: the machine
// was too restless for a verdict, so measure again.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchKernels, benchTraining } from '../dist/bench.js';
import { nodeVersions, openDevice, ShadegradError } from '../dist/node.js';
import { decide, estimate, tailOf } from './verdict.mjs';

const RECORDED = new URL('recorded.json', import.meta.url);
const RECORDED_ROUNDS = 20;
/** After so long the round at hand is the last one. */
const MILLISECONDS = 15 * 60_000;

/** @typedef {Record<string, number>} Ratios */
/** @typedef {import('../dist/types/bench.d.ts').BenchSubject} BenchSubject */
/** @typedef {import('../dist/types/index.d.ts').PlanName} PlanName */

/**
 * The plans that are held against the unfused one, and the kernels that are held against the floor.
 *
 * @param {BenchSubject} subject
 * @returns {{ plans: PlanName[], kernels: string[] }}
 */
function watched({ adapter, device }) {
  const kind = !adapter.software ? '' : device.adapterInfo.subgroupMaxSize === 4 ? '_quads' : '_lanes';
  const plans = { '': ['fused', 'layered'], _quads: ['layered-quads'], _lanes: ['layered-lanes'] }[kind];
  const bytes = kind === '' ? 'dense' : `dense_bytes${kind}`;
  return {
    plans: /** @type {PlanName[]} */ (plans),
    kernels: [`${bytes}/784-100@32`, `dense_update${kind}/784-100@32`, `dense${kind}/1024-1024@256`],
  };
}

/**
 * @param {BenchSubject} subject
 * @param {number} round odd ones measure in reverse, so that a machine that grows slower is no advantage to either
 * @returns {Promise<Ratios>}
 */
async function measureRound(subject, round) {
  const { plans: fast, kernels: only } = watched(subject);
  const inTurn = (/** @type {PlanName[]} */ names) => (round % 2 === 0 ? names : names.toReversed());
  const { training } = await benchTraining(subject, {
    plans: inTurn([...fast, 'unfused']),
    batchSizes: round % 2 === 0 ? [32, 256] : [256, 32],
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
  for (const result of (await benchKernels(subject, { only, samples: 5 })).kernels) {
    if (result.status !== 'measured') throw new Error(`${result.kernel}: ${result.reason}`);
    ratios[`${result.kernel} ${result.size}: share of the floor`] = result.share;
  }
  return ratios;
}

/** @param {BenchSubject} subject */
async function record(subject) {
  /** @type {Ratios[]} */
  const rounds = [];
  while (rounds.length < RECORDED_ROUNDS) rounds.push(await measureRound(subject, rounds.length));
  const names = Object.keys(rounds[0] ?? {});
  const short = (/** @type {number | null} */ value) => value && Number(value.toPrecision(3));
  const entries = names.map((name) => {
    const values = rounds.map((round) => round[name] ?? Number.NaN);
    const { median, low, high } = estimate(values, tailOf(names.length));
    return [name, { median: short(median), low: short(low), high: short(high) }];
  });
  const all = JSON.parse(await readFile(RECORDED, 'utf8'));
  const { description } = subject.adapter;
  await writeFile(
    RECORDED,
    `${JSON.stringify({ ...all, [description]: Object.fromEntries(entries) }, null, 2)}\n`,
  );
  console.log(`Recorded ${names.length} ratios of ${description}, in ${rounds.length} rounds.`);
}

const WORDS = { good: 'same or faster', slower: 'SLOWER', undecided: 'undecided' };

/**
 * @param {BenchSubject} subject
 * @returns {Promise<number>} the exit code
 */
async function check(subject) {
  const recorded = JSON.parse(await readFile(RECORDED, 'utf8'))[subject.adapter.description];
  if (!recorded) {
    console.error(`No ratios are recorded for ${subject.adapter.description}.`);
    console.error('Run "npm run bench:check -- --record" first.');
    return 2;
  }
  const until = performance.now() + MILLISECONDS;
  const { rounds, ratios } = await decide(
    async (round) => {
      const measured = await measureRound(subject, round);
      const names = [Object.keys(measured), Object.keys(recorded)].map((each) => each.toSorted().join('\n'));
      if (names[0] === names[1]) return measured;
      throw new ShadegradError(
        'usage',
        'The recorded ratios are not those that are measured now.',
        'Run "npm run bench:check -- --record" on the version before yours, with this bench/check.mjs.',
      );
    },
    recorded,
    { isOver: () => performance.now() >= until },
  );
  console.log(`${subject.adapter.description}, ${rounds} rounds:`);
  for (const { name, now, recorded, verdict } of ratios) {
    console.log(`${WORDS[verdict].padEnd(14)}  ${told(now)}, recorded ${told(recorded)}  ${name}`);
  }
  const verdicts = ratios.map(({ verdict }) => verdict);
  if (verdicts.includes('slower')) return 1;
  if (!verdicts.includes('undecided')) return 0;
  console.log('Undecided: the machine was too restless. Measure again when nothing else runs.');
  return 3;
}

/** @param {import('./verdict.mjs').Estimate} estimate */
function told({ median, low, high }) {
  const figure = (/** @type {number | null} */ value) => value?.toPrecision(3) ?? '?';
  return `${figure(median)} (${figure(low)} to ${figure(high)})`;
}

async function main() {
  const { values } = parseArgs({
    options: { record: { type: 'boolean', default: false }, adapter: { type: 'string', default: 'auto' } },
  });
  const { device, info, toggles } = await openDevice({
    adapter: values.adapter,
    robustness: false,
    optionalFeatures: ['subgroups', 'timestamp-query'],
  });
  try {
    const subject = { device, adapter: info, toggles, versions: await nodeVersions() };
    if (!values.record) return await check(subject);
    await record(subject);
    return 0;
  } finally {
    device.destroy();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof ShadegradError ? `${error.message}\n${error.nextStep}` : error);
  process.exitCode = 2;
}
