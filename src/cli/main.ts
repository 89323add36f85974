#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ShadegradError } from '../node.ts';
import { addBench } from './bench.ts';
import { addDoctor } from './doctor.ts';
import { addEvaluate } from './evaluate.ts';
import { reportError } from './exit-codes.ts';
import { addExport } from './export.ts';
import { listenForInterrupts } from './interrupt.ts';
import { addMerge } from './merge.ts';
import { addPredict } from './predict.ts';
import { addSweep } from './sweep.ts';
import { addTrain } from './train.ts';
import { addVerify } from './verify.ts';

function program(signal: AbortSignal): Command {
  const { version, description } = JSON.parse(
    readFileSync(new URL(/* @vite-ignore */ '../package.json', import.meta.url), 'utf8'),
  ) as { version: string; description: string };
  const root = new Command('shadegrad')
    .description(description)
    .version(version)
    .exitOverride()
    .addHelpText('after', EXIT_CODES_HELP);
  addTrain(root, signal);
  addSweep(root, signal);
  addMerge(root);
  addEvaluate(root, signal);
  addPredict(root, signal);
  addVerify(root, signal);
  addExport(root, signal);
  addBench(root, signal);
  addDoctor(root);
  return root;
}

const EXIT_CODES_HELP = `
Exit codes: 0 good, 1 differs (verify), 2 usage, 3 no adapter, 4 bad data, model file or
report, 5 diverged, 6 device lost or GPU error, 7 held by another process (sweep),
130 interrupted (Ctrl-C), 143 terminated (SIGTERM)`;

/** Returns the exit code, for `process.exitCode`: `process.exit` would cut off what is still on its way into a pipe. */
async function main(): Promise<number> {
  try {
    await program(interrupt.signal).parseAsync();
    return 0;
  } catch (error) {
    // Commander has printed its message; for help and the version it ends with 0, for everything else with 1.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, interrupt.exitCode());
  }
}

const interrupt = listenForInterrupts();

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that stops early, as `head` does, is no error.
  if (error.code === 'EPIPE') return;
  const failure = new ShadegradError(
    'io',
    `The results could not be printed: ${error.message}.`,
    'Check that the disk that stdout goes to is not full.',
    error,
  );
  process.exit(reportError(failure, interrupt.exitCode()));
});
// A message that stderr does not take is no reason to lose the results.
process.stderr.on('error', () => undefined);

process.exitCode = await main();
