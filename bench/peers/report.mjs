import { arch, availableParallelism, loadavg, platform, release, totalmem } from 'node:os';
import { processorName } from './libraries/processor.mjs';
import { versionOf } from './libraries/version.mjs';

/** @typedef {Awaited<ReturnType<typeof import('./compare.mjs').compare>>} Comparison */
/** @typedef {Awaited<ReturnType<typeof describeMachine>>} Machine */
/** @typedef {import('./statistics.mjs').Spread} Spread */

/** What the figures depend on besides the peers. Call it before the work: the load is then that of other programs. */
export async function describeMachine() {
  return {
    processor: processorName(),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    loadBefore: loadavg()[0] ?? Number.NaN,
    node: process.version,
    dawn: `webgpu ${await versionOf('../../node_modules/webgpu/package.json', import.meta.url)}`,
  };
}

/**
 * @param {Comparison} comparison
 * @param {Machine} machine
 */
export function formatReport({ peers, ...work }, machine) {
  const { network, batchSize, dataset, samplesPerEpoch, rounds, secondsPerRound, check, seed } = work;
  const measured = peers.filter(({ status }) => status === 'measured');
  const rows = measured.map((peer) => [
    peer.name,
    spreadText(peer.imagesPerSecond, count),
    spreadText(peer.stepsPerSecond, count),
    spreadText(peer.shadegradIsFaster, ratio),
    (peer.checkedLoss ?? Number.NaN).toFixed(6),
  ]);
  const header = ['', 'images/s', 'steps/s', 'Shadegrad is faster by', `loss after ${check.steps} steps`];
  return [
    `${network.join('-')}, batch ${batchSize}, Adam, seed ${seed}; ${samplesPerEpoch} images of ${dataset} to an epoch`,
    `${rounds} rounds of about ${secondsPerRound} s each in turns; medians (slowest to fastest round)`,
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, load before ${machine.loadBefore.toFixed(2)}`,
    `Node ${machine.node}, Dawn from ${machine.dawn}`,
    '',
    ...table([header, ...rows]),
    '',
    ...measured.map(({ name, library, backend, device, notes }) =>
      [`${name}: ${library} on ${backend}`, device, notes].filter(Boolean).join('; '),
    ),
    ...peers
      .filter(({ status }) => status !== 'measured')
      .map(({ name, status, why }) => `${name}: ${status}: ${why?.replace(/\s+/g, ' ')}`),
  ].join('\n');
}

/** @param {string[][]} rows */
function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/**
 * @param {Spread | undefined} spread
 * @param {(value: number) => string} format
 */
function spreadText(spread, format) {
  if (!spread) return '';
  return `${format(spread.median)} (${format(spread.min)} to ${format(spread.max)})`;
}

/** @param {number} value */
function count(value) {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** @param {number} value */
function ratio(value) {
  return value.toFixed(2);
}
