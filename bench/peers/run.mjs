import { open } from 'node:fs/promises';
import { HELP, parseOptions, UsageError } from './options.mjs';
import { describeMachine, formatReport } from './report.mjs';

/** @returns {Promise<number>} the exit code: 0 good, 1 if a peer's run is void or no peer ran, 2 usage */
async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (!options) {
    console.log(HELP);
    return 0;
  }
  // If the file cannot be written, it is better to know before the work than after it.
  const json = options.json === undefined ? undefined : await open(options.json, 'w');
  const machine = await describeMachine();
  // Not at the top, so that an error can say that Shadegrad is not built.
  const { compare } = await import('./compare.mjs');
  const comparison = await compare(options, (line) => console.error(line));
  console.log(`\n${formatReport(comparison, machine)}`);
  await json?.writeFile(`${JSON.stringify({ machine, ...comparison }, null, 2)}\n`);
  await json?.close();
  return comparison.peers.some(({ status }) => status === 'void') ? 1 : 0;
}

// Exits properly, so that temporary files are removed.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  process.exitCode = await main();
} catch (error) {
  console.error(String(error).replace(/^Error: /, ''));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
