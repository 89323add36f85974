import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MERGED_FILES } from '../../src/node/sweep-merge.ts';
import type { SweepTask } from '../../src/sweep/tasks.ts';
import { runCli } from '../support/process.ts';
import { madeSweep, writeMadeFolder } from '../support/sweeps.ts';

const { sweep, tasks } = await madeSweep({
  axes: { learningRate: [0.001, 0.003], hidden: [[], [4]], seed: [1, 2] },
  networksPerTask: 2,
});
const [first, ...others] = tasks as readonly [SweepTask, ...SweepTask[]];

let folder: string;
let one: string;
let rest: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  [one, rest] = [join(folder, 'one'), join(folder, 'rest')];
  await writeMadeFolder(one, sweep, [first]);
  await writeMadeFolder(rest, sweep, others);
});
afterAll(() => rm(folder, { recursive: true }));

describe('shadegrad merge', () => {
  test('prints the best networks and writes the report', async () => {
    const out = join(folder, 'report');
    const { code, stdout, stderr } = await runCli(['merge', rest, one, '--out', out]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^8 networks: 8 trained\.\nBest first, by validation accuracy/);
    expect((await readdir(out)).sort()).toEqual([...MERGED_FILES].sort());
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as { networks: unknown[] };
    expect(report.networks).toHaveLength(8);
  });

  test('ends with 4 where tasks are missing, names them and writes nothing', async () => {
    const out = join(folder, 'nothing');
    const { code, stdout, stderr } = await runCli(['merge', rest, '--out', out]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain(`Task ${first.name}, 2 networks: It was not begun.\n`);
    for (const { id } of first.networks)
      expect(stderr).toMatch(new RegExp(`^  ${id}  hidden .*, seed \\d$`, 'm'));
    expect(stderr).toContain('2 of 8 networks are missing. Run the sweep again');
    expect(await readdir(folder)).not.toContain('nothing');
  });

  test('reports the others with --partial, and says how many are missing', async () => {
    const out = join(folder, 'partial');
    const { code, stdout, stderr } = await runCli(['merge', rest, '--out', out, '--partial']);
    expect(code).toBe(0);
    expect(stdout).toContain('8 networks: 6 trained, 2 missing.');
    expect(stderr).toContain(`Task ${first.name}`);
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as { missing: unknown[] };
    expect(report.missing).toHaveLength(1);
  });

  test('ends with 4 for what is no folder of a sweep, and with 2 without any', async () => {
    const { code, stderr } = await runCli(['merge', folder]);
    expect(code).toBe(4);
    expect(stderr).toContain('is not the folder of a sweep');
    expect(await runCli(['merge'])).toMatchObject({ code: 2 });
  });
});
