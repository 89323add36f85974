import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diagnosis, RunReport } from '../../src/node.ts';
import { decodeCheckpoint } from '../../src/train/checkpoint.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { runCli, runNode } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Lets the Vulkan loader find no driver but those that are named on purpose, whatever GPU the machine has. */
const withoutDrivers = { VK_DRIVER_FILES: '/nonexistent.json', VK_ICD_FILENAMES: '/nonexistent.json' };

let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  data = join(folder, 'blobs');
  await writeDataset(data, blobs());
});
afterAll(() => rm(folder, { recursive: true }));

describe('on a machine without a GPU', () => {
  test('--adapter hardware refuses software: 3, and what to install', async () => {
    const args = ['train', '--data', data, '--adapter', 'hardware'];
    const { code, stdout, stderr } = await runCli(args, { env: withoutDrivers });
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain('shadegrad: No hardware WebGPU adapter was found on this machine');
    expect(stderr).toContain('Vulkan');
  });

  test('--adapter auto trains in software', async () => {
    const args = ['train', '--data', data, '--epochs', '1'];
    const { code, stdout } = await runCli(args, { env: withoutDrivers });
    expect(code).toBe(0);
    expect(stdout).toContain('Adapter: software, on the CPU: swiftshader');
  });
});

/** The built package as npm installs it into a project, without some of the packages beside it. */
async function installed(name: string, absent: readonly string[]): Promise<string> {
  const copy = join(folder, name, 'node_modules', 'shadegrad');
  await cp(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  await cp(join(root, 'package.json'), join(copy, 'package.json'));
  for (const scope of await readdir(join(root, 'node_modules'))) {
    if (absent.some((one) => one.split('/')[0] === scope)) continue;
    await mkdir(join(copy, 'node_modules'), { recursive: true });
    await symlink(join(root, 'node_modules', scope), join(copy, 'node_modules', scope));
  }
  // Packages without any entry: one that is missing would be looked for in the folders above, too.
  for (const one of absent) {
    await mkdir(join(copy, 'node_modules', one), { recursive: true });
    const manifest = JSON.stringify({ name: one, exports: {} });
    await writeFile(join(copy, 'node_modules', one, 'package.json'), manifest);
  }
  return join(copy, 'dist', 'cli.js');
}

describe('without the optional package of charts', () => {
  let cli: string;

  beforeAll(async () => {
    cli = await installed('undrawn', ['echarts']);
  });

  test('a training says so before it begins, and keeps all but the pictures', async () => {
    const out = join(folder, 'undrawn-run');
    const args = ['train', '--data', data, '--epochs', '1', '--adapter', 'software', '--out', out];
    const { code, stderr } = await runNode([cli, ...args]);
    expect(code).toBe(0);
    expect(stderr).toContain('Notice: There will be no pictures.');
    expect(stderr).toContain('"npm install echarts@6"');
    const files = await readdir(out);
    expect(files).toEqual(expect.arrayContaining(['model.safetensors', 'report.json', 'report.txt']));
    expect(files.filter((name) => name.endsWith('.svg'))).toEqual([]);
  });

  test('pictures of before, of which there are no new ones, are named', async () => {
    const out = join(folder, 'redrawn-run');
    await runCli(['train', '--data', data, '--epochs', '1', '--adapter', 'software', '--out', out]);
    const { code, stderr } = await runNode([cli, 'train', '--resume', out, '--epochs', '2']);
    expect(code).toBe(0);
    const older = ['confusion-matrix.svg', 'training-curves.svg'].map((name) => join(out, name));
    expect(stderr).toContain(`Notice: Still of before: ${older.join(', ')}\n`);
  });

  test('a benchmark that is to be drawn is refused before it measures: 2', async () => {
    const { code, stderr } = await runNode([cli, 'bench', 'kernels', '--svg', join(folder, 'roofline.svg')]);
    expect(code).toBe(2);
    expect(stderr).toContain('"npm install echarts@6"');
  });
});

describe('without the optional package of the software GPU', () => {
  let cli: string;

  beforeAll(async () => {
    cli = await installed('installed', ['@sparticuz/chromium']);
  });

  test('and without a GPU there is no adapter: 3, and what to install', async () => {
    const { code, stdout, stderr } = await runNode([cli, 'train', '--data', data], { env: withoutDrivers });
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain('shadegrad: No WebGPU adapter was found on this machine');
    expect(stderr).toContain('SwiftShader, is not installed.');
    expect(stderr).toContain('"npm install @sparticuz/chromium@147"');
  });

  test('doctor says so, with 3', async () => {
    const { code, stdout, stderr } = await runNode([cli, 'doctor', '--json'], { env: withoutDrivers });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ adapters: [], used: null });
    expect(stderr).toContain('"npm install @sparticuz/chromium@147"');
  });
});

describe('doctor', () => {
  test('with --json prints one object: adapters, limits, features, what is used and why, what to do', async () => {
    const { code, stdout, stderr } = await runCli(['doctor', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const diagnosis = JSON.parse(stdout) as Diagnosis;
    expect(Object.keys(diagnosis)).toEqual([
      'platform',
      'tested',
      'runtime',
      'webgpu',
      'adapters',
      'used',
      'why',
      'whatToDo',
      'problems',
    ]);
    expect(diagnosis.webgpu).toMatch(/^\d+\.\d+\.\d+$/);
    const [adapter, ...others] = diagnosis.adapters;
    expect(others).toEqual([]);
    expect(diagnosis.used).toBe(adapter?.description);
    expect(adapter).toMatchObject({
      vendor: 'google',
      software: true,
      backend: 'vulkan',
      name: 'SwiftShader Device (Subzero)',
      driver: expect.stringMatching(/^SwiftShader driver \d/),
      manifest: expect.stringMatching(/vk_swiftshader_icd\.json$/),
      subgroupSizes: [4, 4],
      matrices: [],
      problem: null,
      alike: 1,
    });
    expect(adapter?.limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(256);
    expect(adapter?.features).toContain('timestamp-query');
  });

  test('as text says the same', async () => {
    const { code, stdout } = await runCli(['doctor'], { env: withoutDrivers });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Platform: .* Tested: .*\nSoftware: SwiftShader Device/);
    expect(stdout).toContain('maxBufferSize: ');
    expect(stdout).toMatch(/^Used: swiftshader device .* No hardware adapter was found/m);
    expect(stdout).toMatch(/^Problem: VK_DRIVER_FILES is set, .* but there is no \/nonexistent\.json\.$/m);
    expect(stdout).toMatch(/^To do: Unset VK_DRIVER_FILES, .* For a GPU, install /m);
  });
});

test('without room for the software GPU, doctor says so, once as a problem', async () => {
  const notAFolder = join(folder, 'file');
  await writeFile(notAFolder, '');
  const env = { ...withoutDrivers, XDG_CACHE_HOME: notAFolder, TMPDIR: notAFolder };
  const { code, stdout, stderr } = await runCli(['doctor', '--json'], { env });
  expect(code).toBe(3);
  const { adapters, used, why, problems } = JSON.parse(stdout) as Diagnosis;
  expect({ adapters, used }).toEqual({ adapters: [], used: null });
  expect(why).toMatch(/^No WebGPU adapter was found on this machine \([\w-]+\)\.$/);
  expect(problems[0]).toContain('The software GPU cannot be unpacked');
  expect(stderr).toMatch(/Free 20 MB there/);
  expect(stderr).not.toContain('npm ci');
});

describe('drivers that are broken', () => {
  let env: Record<string, string>;

  beforeAll(async () => {
    const drivers = await mkdtemp(join(folder, 'drivers-'));
    const missing = {
      file_format_version: '1.0.0',
      ICD: { library_path: '/none/driver.so', api_version: '1.3.0' },
    };
    await writeFile(join(drivers, 'cut.json'), '{ "ICD": {');
    await writeFile(join(drivers, 'missing.json'), JSON.stringify(missing));
    env = { VK_DRIVER_FILES: drivers };
  });

  test('do not hide others from a process that something else prints in', async () => {
    const hook = join(folder, 'greeting.mjs');
    await writeFile(hook, "console.log('a greeting'); console.error('Warning: a greeting');");
    const { code, stdout } = await runCli(['doctor'], {
      env: { ...env, NODE_OPTIONS: `--import ${pathToFileURL(hook).href}` },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Software: SwiftShader Device/m);
  });

  test('are told apart by doctor, each with its remedy', async () => {
    const { code, stdout, stderr } = await runCli(['doctor'], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Problem: \/\S+\/cut\.json is no JSON: /m);
    expect(stdout).toMatch(
      /^Problem: The driver \/none\/driver\.so \(\/\S+\) does not load: .*No such file/m,
    );
    expect(stdout).toMatch(
      /^To do: Reinstall the package of \/\S+\/cut\.json, or remove that file\. Reinstall .*missing/m,
    );
  });

  test('do not keep training from the adapters that there are, and print nothing', async () => {
    const args = ['train', '--data', data, '--epochs', '1'];
    expect(await runCli(args, { env })).toMatchObject({ code: 0, stderr: '' });
  });

  test('are named where there is no adapter that was asked for', async () => {
    const { code, stderr } = await runCli(['train', '--data', data, '--adapter', 'hardware'], { env });
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^shadegrad: No hardware WebGPU adapter was found .*cut\.json is no JSON.*Reinstall/,
    );
  });
});

describe('what goes wrong on the GPU in the middle of training', () => {
  const settings = [
    ...['--epochs', '30', '--hidden', '8', '--checkpoint-every', '0.02', '--adapter', 'software'],
    // Each device compiles anew, this plan in a third of the time that the chosen one takes.
    ...['--plan', 'unfused'],
  ];
  let undisturbed: Uint8Array;

  beforeAll(async () => {
    const out = join(folder, 'undisturbed');
    await runCli(['train', '--data', data, ...settings, '--out', out]);
    undisturbed = await readFile(join(out, 'model.safetensors'));
  });

  /** Trains on devices, the first `times` of which are given to `harm`, the body of a function, after so many submits. */
  async function trainAnd(harm: string, times: number, submits: number, name: string) {
    const hook = join(folder, `${name}.mjs`);
    const webgpu = pathToFileURL(join(root, 'node_modules', 'webgpu', 'index.js')).href;
    await writeFile(
      hook,
      `import { globals } from ${JSON.stringify(webgpu)};
      const { GPUAdapter: { prototype: adapter }, GPUQueue: { prototype: queue } } = globals;
      const rename = (description) =>
        Object.defineProperty(globals.GPUAdapterInfo.prototype, 'description', { get: () => description });
      const { requestDevice } = adapter;
      const { submit } = queue;
      let [devices, submits] = [0, 0];
      let device;
      adapter.requestDevice = async function (...args) {
        [devices, submits] = [devices + 1, 0];
        return (device = await requestDevice.apply(this, args));
      };
      queue.submit = function (...args) {
        submit.apply(this, args);
        if (++submits === ${submits} && devices <= ${times}) { ${harm} }
      };`,
    );
    const out = join(folder, name);
    const args = ['train', '--data', data, ...settings, '--out', out, '--json'];
    const finished = await runCli(args, { env: { NODE_OPTIONS: `--import ${pathToFileURL(hook).href}` } });
    expect(finished.stderr).toContain('Network: ');
    return { ...finished, out, model: () => readFile(join(out, 'model.safetensors')) };
  }

  const LOST = 'Notice: The GPU device was destroyed. Going on with another one';

  test('a lost device is replaced, three times: each is told, and the weights have the same bits', async () => {
    const { code, stdout, stderr, model } = await trainAnd('device.destroy()', 3, 24, 'lost-thrice');
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as RunReport).history).toHaveLength(30);
    for (const times of [1, 2, 3]) expect(stderr).toContain(`${LOST} (${times} of at most 3 times).`);
    expect(stderr).toMatch(
      /^Notice: Going on after (\d+ epochs?|\d+ of 7 batches|\d+ epochs? and \d+ of 7 batches)\.$/m,
    );
    expect(stderr.match(/^Adapter: /gm)).toHaveLength(1);
    expect(await model()).toEqual(undisturbed);
  });

  test('another adapter in its place is told, since it may compute other bits, and is what the checkpoint names', async () => {
    const harm = "rename('another driver'); device.destroy()";
    const { code, stdout, stderr, out } = await trainAnd(harm, 1, 24, 'another');
    expect(code).toBe(0);
    const [, before] = /^Adapter: software, on the CPU: (.*)$/m.exec(stderr) ?? [];
    const { description } = (JSON.parse(stdout) as RunReport).adapter;
    expect(description).toContain('another driver');
    expect(stderr).toContain(`Notice: The adapter was ${before} and is ${description} from here on: `);
    const { notes } = decodeCheckpoint(await readFile(join(out, 'checkpoint.safetensors')));
    expect(notes.adapter).toEqual({ choice: 'software', description });
  });

  test('a device that is lost before anything was kept: begins again', async () => {
    const { code, stderr, model } = await trainAnd('device.destroy()', 1, 2, 'lost-early');
    expect(code).toBe(0);
    expect(stderr).toContain(`${LOST} (1 of at most 3 times).`);
    expect(await model()).toEqual(undisturbed);
  });

  test('the fourth time it ends with 6, with a checkpoint to go on from, to the bit', async () => {
    const { code, stdout, stderr, out, model } = await trainAnd('device.destroy()', 4, 24, 'lost-for-good');
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toContain(
      'shadegrad: The GPU device was destroyed. If this stays so, update the GPU driver. ' +
        `Go on with: npx shadegrad train --resume ${out}\n`,
    );
    expect(await readdir(out)).toEqual(['checkpoint.safetensors']);
    expect(await runCli(['train', '--resume', out])).toMatchObject({ code: 0, stderr: '' });
    expect(await model()).toEqual(undisturbed);
  });

  test('an error that the GPU reports ends it with 6, with the checkpoint of before', async () => {
    const harm = 'device.createBuffer({ size: 4, usage: 0 })';
    const { code, stdout, stderr, out, model } = await trainAnd(harm, 9, 24, 'wrong');
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toContain('shadegrad: The GPU reported an error: ');
    expect(stderr).toContain(`Go on with: npx shadegrad train --resume ${out}`);
    await runCli(['train', '--resume', out]);
    expect(await model()).toEqual(undisturbed);
  });
});
