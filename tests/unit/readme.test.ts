import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addBench } from '../../src/cli/bench.ts';
import { addDoctor } from '../../src/cli/doctor.ts';
import { addEvaluate } from '../../src/cli/evaluate.ts';
import { addExport } from '../../src/cli/export.ts';
import { addMerge } from '../../src/cli/merge.ts';
import { addPredict } from '../../src/cli/predict.ts';
import { addSweep } from '../../src/cli/sweep.ts';
import { addTrain } from '../../src/cli/train.ts';
import { addVerify } from '../../src/cli/verify.ts';
import { root } from '../support/samples.ts';

/** The commands that a document gives, as lines of their own: each as its words. */
async function commandsOf(document: string): Promise<string[][]> {
  const text = await readFile(join(root, document), 'utf8');
  return Array.from(text.matchAll(/^ {4}npx shadegrad ([^\n>]+)/gm), ([, words = '']) =>
    words.trim().split(/\s+/),
  );
}

/** The command line as it is, but that its commands do nothing. */
function program(): Command {
  const made = new Command('shadegrad').exitOverride().configureOutput({ writeErr: () => undefined });
  const { signal } = new AbortController();
  for (const add of [addTrain, addSweep, addEvaluate, addPredict, addVerify, addExport, addBench])
    add(made, signal);
  for (const add of [addMerge, addDoctor]) add(made);
  const still = (command: Command): void => {
    command.action(() => undefined);
    command.commands.forEach(still);
  };
  made.commands.forEach(still);
  return made;
}

const documents = [
  'README.md',
  ...(await readdir(join(root, 'docs'))).map((name) => join('docs', name)),
].filter((name) => name.endsWith('.md'));

test.each(documents)('the commands in %s are such as the command line takes', async (document) => {
  for (const words of await commandsOf(document)) {
    expect(() => program().parse(words, { from: 'user' }), words.join(' ')).not.toThrow();
  }
});

test("the README's commands come one after the other: each needs what those before it made, or the clone has", async () => {
  const made = ['runs/latest/'];
  const commands = await commandsOf('README.md');
  expect(commands.map(([name]) => name)).toEqual(
    expect.arrayContaining([
      'train',
      'evaluate',
      'predict',
      'sweep',
      'merge',
      'verify',
      'export',
      'doctor',
      'bench',
    ]),
  );
  for (const words of commands) {
    const isResult = (i: number) => /^--(out|svg)$/.test(words[i - 1] ?? '');
    const needed = words.filter((word, i) => /^(runs|examples)\//.test(word) && !isResult(i));
    for (const path of needed) {
      const isThere = existsSync(join(root, path)) || made.some((folder) => `${path}/`.startsWith(folder));
      expect(isThere, `${path} of ${words.join(' ')}`).toBe(true);
    }
    made.push(...words.filter((_, i) => isResult(i)).map((folder) => `${folder}/`));
  }
});
