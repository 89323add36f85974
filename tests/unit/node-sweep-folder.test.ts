import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assertSameSweep, readSweepOf, SWEEP_FILE, writeSweep } from '../../src/node/sweep-folder.ts';
import { failure } from '../support/failure.ts';
import { madeSweep } from '../support/sweeps.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('of several processes that begin sweeps at once one writes its own, and the others get to know it', async () => {
  const rates = [0.1, 0.2, 0.3, 0.4];
  const made = await Promise.all(rates.map((rate) => madeSweep({ axes: { learningRate: [rate] } })));
  const written = await Promise.all(made.map(({ sweep }) => writeSweep(folder, sweep)));
  const kept = await readSweepOf(folder);
  expect(made.map(({ sweep }) => sweep)).toContainEqual(kept);
  for (const sweep of written) expect(sweep).toEqual(kept);
  expect(await readdir(folder)).toEqual([SWEEP_FILE]);
  const bytes = await readFile(join(folder, SWEEP_FILE));
  const [other] = made.filter(({ sweep }) => sweep.tasks[0]?.name !== kept?.tasks[0]?.name);
  if (!other || !kept) throw new Error('All were written.');
  expect(await writeSweep(folder, other.sweep)).toEqual(kept);
  expect(await readFile(join(folder, SWEEP_FILE))).toEqual(bytes);
  const file = {
    ...other.sweep.file,
    stop: { halving: 3 },
    axes: { ...other.sweep.file.axes, seed: Array.from({ length: 40 }, (_, i) => i) },
  };
  const differing = failure(() => assertSameSweep(folder, kept, 'other.json', { ...other.sweep, file }));
  const [before, now] = [kept, other.sweep].map(({ file: { axes } }) => JSON.stringify(axes.learningRate));
  expect(differing).toMatchObject({ code: 'usage' });
  for (const text of [
    `${folder} holds another sweep than other.json: `,
    `axes.learningRate is ${before} there and ${now} in the file`,
    /axes\.seed is \[1\] there and \[0,1,2,3,[\d,]{50}… in the file/,
    'stop is not set there and {"halving":3} in the file',
  ]) {
    expect(String(differing)).toMatch(text);
  }
});
