import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeModels } from '../../src/model/population-file.ts';
import { readTaskFailure, readTaskResult } from '../../src/sweep/result.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { type ProcessOptions, runCli } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Two tasks, in each of which one network diverges and the others are ranked. */
const SWEEP = {
  axes: {
    data: ['data/blobs'],
    hidden: [[6], [8]],
    learningRate: [0.0003, 0.003, 0.03, 1e30],
    batchSize: [1],
    epochs: [3],
    seed: [2],
  },
  networksPerTask: 4,
  stop: { halving: 3 },
};

let folder: string;
let file: string;
let whole: Awaited<ReturnType<typeof resultsIn>>;

const sweepArguments = (out: string, ...more: readonly string[]) => [
  ...['sweep', file, '--out', out, '--adapter', 'software', '--checkpoint-every', '0.05'],
  ...more,
];

const sweep = (out: string, more: readonly string[] = [], options: ProcessOptions = {}) =>
  runCli(sweepArguments(out, ...more), options);

/** All that a sweep leaves of its tasks, but for the time that it took. */
async function resultsIn(out: string) {
  const tasks = (await readdir(join(out, 'tasks'))).toSorted();
  return Promise.all(
    tasks.map(async (task) => {
      const path = join(out, 'tasks', task);
      expect((await readdir(path)).toSorted()).toEqual(['networks.safetensors', 'result.json']);
      const text = await readFile(join(path, 'result.json'), 'utf8');
      return {
        task,
        text: text.replace(/^ {2}"seconds": [\d.]+,$/m, ''),
        result: readTaskResult(path, text),
        networks: await readFile(join(path, 'networks.safetensors')),
      };
    }),
  );
}

/** The bytes alone. */
const bytes = (results: Awaited<ReturnType<typeof resultsIn>>) =>
  results.map(({ result: _, ...rest }) => rest);

/** Whether nothing but results is left. */
async function expectTidy(out: string): Promise<void> {
  expect((await readdir(out)).filter((name) => name !== 'failed').toSorted()).toEqual([
    'running',
    'sweep.json',
    'tasks',
  ]);
  expect(await readdir(join(out, 'running'))).toEqual([]);
  expect(existsSync(join(out, 'failed')) ? await readdir(join(out, 'failed')) : []).toEqual([]);
}

/**
 * An environment in which the command does something to itself with each submit from `when` on.
 * @param when JavaScript, of `submits` and `checkpoints()`: the files of a folder's checkpoints
 * @param action JavaScript
 */
async function hooked(out: string, when: string, action: string): Promise<ProcessOptions> {
  const hook = join(folder, `${basename(out)}.mjs`);
  const webgpu = pathToFileURL(join(root, 'node_modules', 'webgpu', 'index.js')).href;
  await writeFile(
    hook,
    `import { readdirSync } from 'node:fs';
    import { globals } from ${JSON.stringify(webgpu)};
    const { GPUAdapter: { prototype: adapter }, GPUQueue: { prototype: queue } } = globals;
    const { requestDevice } = adapter;
    const { submit } = queue;
    const checkpoints = () => readdirSync(${JSON.stringify(join(out, 'running'))}, { recursive: true })
      .filter((name) => name.endsWith('checkpoint.safetensors'));
    let [device, submits, isDone] = [undefined, 0, false];
    adapter.requestDevice = async function (...args) {
      return (device = await requestDevice.apply(this, args));
    };
    queue.submit = function (...args) {
      submit.apply(this, args);
      submits++;
      if (isDone || !(${when})) return;
      isDone = true;
      ${action};
    };`,
  );
  return { env: { NODE_OPTIONS: `--import ${pathToFileURL(hook).href}` } };
}

/** All below a sweep's running tasks, without folders. */
async function runningIn(out: string): Promise<string[]> {
  const entries = await readdir(join(out, 'running'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  file = join(folder, 'sweep.json');
  await writeDataset(join(folder, 'data', 'blobs'), blobs({ train: 300 }));
  await writeFile(file, JSON.stringify(SWEEP));
  const { code, stdout, stderr } = await sweep(join(folder, 'whole'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Sweep: 8 networks in 2 tasks, at most 12 epochs in all\n');
  expect(stdout).toMatch(
    /^Task 2 of 2: [0-9a-f]{16}, 4 networks on data\/blobs, hidden \d+, batch size 1, 3 epochs$/m,
  );
  expect(stdout).toContain('  After epoch 1 the best 1 of 4 go on\n');
  expect(stdout).toMatch(
    /^2 of 2 tasks finished; best: validation accuracy \d+\.\d\d %: data\/blobs, hidden \d+, /m,
  );
  await expectTidy(join(folder, 'whole'));
  whole = await resultsIn(join(folder, 'whole'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a task keeps what became of each network, and the weights of those that did not diverge', () => {
  for (const { result, networks } of whole) {
    const { models } = decodeModels(networks);
    const kept = result.networks.filter(({ weights }) => weights !== null);
    expect(models).toHaveLength(kept.length);
    const statuses = result.networks.map(({ status }) => status).toSorted();
    expect(statuses).toEqual(['diverged', 'stopped', 'stopped', 'trained']);
    for (const { status, epochs, epoch, validation, test: tested } of result.networks) {
      expect(epochs).toHaveLength({ trained: 3, stopped: 1, diverged: 0 }[status]);
      if (status === 'diverged') continue;
      expect(epoch).toBe(epochs.length);
      expect(validation?.accuracy).toBe(epochs[epoch - 1]?.validationAccuracy);
      expect(tested?.accuracy).toBeGreaterThan(0.3);
    }
  }
});

test('killed in a task, and then gone on with by two processes at once, a sweep is what one makes of it', async () => {
  const out = join(folder, 'killed');
  const kill = await hooked(out, 'checkpoints().length > 0', "process.kill(process.pid, 'SIGKILL')");
  expect(await sweep(out, [], kill)).toMatchObject({ code: null, stderr: '' });
  const both = await Promise.all([sweep(out), sweep(out)]);
  for (const { code, stderr } of both) {
    // One may have to leave a task to the other, which is the only thing that it has to say.
    const said = stderr.replace(
      /Notice: Task [0-9a-f]{16} was left to process \d+ on \S+, which is at it\.\n/g,
      '',
    );
    expect({ code, said }).toEqual({ code: 0, said: '' });
  }
  expect(both.map(({ stdout }) => stdout).join('')).toContain('  Going on after ');
  expect(bytes(await resultsIn(out))).toEqual(bytes(whole));
  await expectTidy(out);
});

test('SIGTERM ends it with a checkpoint, and shards make the same of the rest', async () => {
  const out = join(folder, 'ended');
  const end = await hooked(out, 'submits === 12', "process.kill(process.pid, 'SIGTERM')");
  const { code, stderr } = await sweep(out, ['--shard', '1/2'], end);
  expect(code).toBe(143);
  expect(stderr).toContain(`Go on with: npx shadegrad sweep ${file} --out ${out}, `);
  expect((await runningIn(out)).map((path) => basename(path))).toEqual(['checkpoint.safetensors']);
  await cp(out, join(folder, 'moved'), { recursive: true });
  const array = { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_COUNT: '2', SLURM_ARRAY_TASK_MIN: '6' };
  const [second, third] = await Promise.all([
    sweep(out, [], { env: array }),
    sweep(out, ['--shards', '2'], { env: { JOB_COMPLETION_INDEX: '0' } }),
  ]);
  const size = '4 networks in 1 task, at most 6 epochs in all\n';
  expect(second.stdout).toContain(`Shard 2 of 2, by SLURM_ARRAY_TASK_ID: ${size}`);
  expect(third.stdout).toContain(`Shard 1 of 2, by JOB_COMPLETION_INDEX: ${size}`);
  expect(third.stdout).toContain('  Going on after ');
  expect([second.code, third.code]).toEqual([0, 0]);
  expect(bytes(await resultsIn(out))).toEqual(bytes(whole));
  await expectTidy(out);
});

test('what is finished is left, and so is at once what a process elsewhere holds: 7 while nobody knows of it', async () => {
  const out = join(folder, 'held');
  await cp(join(folder, 'whole'), out, { recursive: true });
  // No device is opened.
  expect((await sweep(out)).stdout).toMatch(
    /^Sweep: 8 networks in 2 tasks, at most 12 epochs in all, 2 finished before\n2 of 2 tasks finished; best: [^\n]*\n$/,
  );
  const [task = ''] = await readdir(join(out, 'tasks'));
  await rm(join(out, 'tasks', task), { recursive: true });
  const claim = join(out, 'running', task, 'claim-1');
  await mkdir(join(out, 'running', task));
  await writeFile(claim, '{"host":"elsewhere","pid":17}');
  // As if it were touched during the whole test, however long that takes.
  const later = Date.now() / 1000 + 3600;
  await utimes(claim, later, later);
  const { code, stdout, stderr } = await sweep(out);
  expect(code).toBe(7);
  expect(stdout).toMatch(/\n1 of 2 tasks finished; 1 left to other processes; best: [^\n]*\n$/);
  expect(stdout).not.toContain('Adapter: ');
  expect(stderr).toContain(
    `Notice: Task ${task} was left to process 17 on elsewhere, which was heard of in the last 20 seconds, and may have ended since.`,
  );
  expect(stderr).toContain('shadegrad: 1 of 2 tasks was left to processes elsewhere, ');
});

test('a task that another adapter began tells of both', async () => {
  const moved = join(folder, 'moved');
  const [path = ''] = await runningIn(moved);
  const [task] = await readdir(join(moved, 'running'));
  const { state, notes } = decodeCheckpoint(await readFile(path));
  const adapter = { ...notes.adapter, description: 'Another' };
  await writeFile(path, encodeCheckpoint(state, { ...notes, adapter }));
  const { code, stderr } = await sweep(moved, ['--shard', '1/2']);
  expect(code).toBe(0);
  expect(stderr).toContain('The adapter of this task was Another and is ');
  const found = (await resultsIn(moved)).find(({ result }) => result.task === task);
  expect(found?.result.adapter).toBe(`Another, then ${notes.adapter.description}`);
});

describe('what goes wrong', () => {
  test('a dataset that is missing fails its tasks alone: 4; and where all networks diverge: 5', async () => {
    const [out, other] = [join(folder, 'missing'), join(folder, 'data', 'other')];
    await writeDataset(other, blobs({ train: 100 }));
    file = join(folder, 'missing.json');
    const axes = {
      data: ['data/blobs', 'data/other'],
      learningRate: [1e30],
      hidden: [[8]],
      batchSize: [1],
      epochs: [1],
    };
    await writeFile(file, JSON.stringify({ axes }));
    const first = await sweep(out, ['--shard', '1/2']);
    expect(first.code).toBe(5);
    expect(first.stderr).toContain('shadegrad: The only network diverged. ');
    const [task = ''] = await readdir(join(out, 'tasks'));
    expect(await readdir(join(out, 'tasks', task))).toEqual(['result.json']);

    await rename(other, `${other}.away`);
    const second = await sweep(out);
    expect(second.code).toBe(4);
    expect(second.stderr).toContain('shadegrad: 1 of 2 tasks failed. ');
    expect(second.stdout).toContain('1 of 2 tasks finished; 1 failed');
    const [failed = ''] = await readdir(join(out, 'failed'));
    const failure = readTaskFailure(failed, await readFile(join(out, 'failed', failed), 'utf8'));
    expect(failure).toMatchObject({ task: failed.replace('.json', ''), exitCode: 4 });
    expect(failure.message).toContain(other);

    await rename(`${other}.away`, other);
    const third = await sweep(out);
    expect(third.code).toBe(5);
    expect(third.stderr).toContain('shadegrad: All 2 networks diverged. ');
    await expectTidy(out);
    file = join(folder, 'sweep.json');
  });

  test('a device that is lost: 6, with a checkpoint to go on from, to the bit', async () => {
    const out = join(folder, 'lost');
    const lose = await hooked(out, 'submits === 12', 'device.destroy()');
    const lost = await sweep(out, ['--shard', '1/2'], lose);
    expect(lost.code).toBe(6);
    expect(lost.stderr).toContain('shadegrad: The GPU device was destroyed. ');
    expect(lost.stderr).toContain('Go on with: ');
    expect(await readdir(join(out, 'failed'))).toHaveLength(1);
    expect(await sweep(out, ['--shard', '1/2'])).toMatchObject({ code: 0, stderr: '' });
    const [only] = bytes(await resultsIn(out));
    expect(bytes(whole)).toContainEqual(only);
    await expectTidy(out);
  });

  test('a folder of another sweep, and a file that is none: 2, before anything is done', async () => {
    file = join(folder, 'other.json');
    await writeFile(file, JSON.stringify({ ...SWEEP, axes: { ...SWEEP.axes, epochs: [4] } }));
    const out = join(folder, 'whole');
    const other = await sweep(out);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain(
      `${out} holds another sweep than ${file}: axes.epochs is [3] there and [4] in the file.`,
    );
    await writeFile(file, '{\n  "axes": { "epochs": [0] }\n}');
    const wrong = await sweep(join(folder, 'none'));
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(`shadegrad: ${file}:2:24: axes.epochs[0] is 0, and must be >= 1.`);
    expect(existsSync(join(folder, 'none'))).toBe(false);
    file = join(folder, 'sweep.json');
  });
});
