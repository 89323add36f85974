import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/node.ts';
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

describe('without the optional package of the software GPU', () => {
  let cli: string;

  beforeAll(async () => {
    const copy = join(folder, 'installed');
    await cp(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
    await cp(join(root, 'package.json'), join(copy, 'package.json'));
    // A package without any entry: a package that is missing would be looked for in the folders above, too.
    const absent = join(copy, 'node_modules', '@sparticuz', 'chromium');
    await mkdir(absent, { recursive: true });
    await writeFile(join(absent, 'package.json'), '{ "name": "@sparticuz/chromium", "exports": {} }');
    for (const name of await readdir(join(root, 'node_modules'))) {
      if (name === '@sparticuz') continue;
      await symlink(join(root, 'node_modules', name), join(copy, 'node_modules', name));
    }
    cli = join(copy, 'dist', 'cli.js');
  });

  test('and without a GPU there is no adapter: 3, and what to install', async () => {
    const { code, stdout, stderr } = await runNode([cli, 'train', '--data', data], { env: withoutDrivers });
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain('shadegrad: No WebGPU adapter was found on this machine');
    expect(stderr).toContain('npm ci --include=optional');
  });

  test('doctor says so, with 3', async () => {
    const { code, stdout, stderr } = await runNode([cli, 'doctor', '--json'], { env: withoutDrivers });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ hardware: null, software: null, used: null });
    expect(stderr).toContain('npm ci --include=optional');
  });
});

describe('doctor', () => {
  test('with --json prints one object: adapters, limits, features, what is used and why, what to do', async () => {
    const { code, stdout, stderr } = await runCli(['doctor', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const diagnosis = JSON.parse(stdout) as Diagnosis;
    expect(Object.keys(diagnosis)).toEqual([
      'platform',
      'runtime',
      'webgpu',
      'hardware',
      'software',
      'used',
      'why',
      'whatToDo',
    ]);
    expect(diagnosis.webgpu).toMatch(/^\d+\.\d+\.\d+$/);
    expect(diagnosis.used).toBe(diagnosis.hardware ? 'hardware' : 'software');
    expect(diagnosis.software).toMatchObject({ vendor: 'google', software: true, problem: null });
    expect(diagnosis.software?.limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(256);
    expect(diagnosis.software?.features).toContain('timestamp-query');
  });

  test('as text says the same', async () => {
    const { code, stdout } = await runCli(['doctor'], { env: withoutDrivers });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Platform: .*\nHardware: none found\nSoftware: swiftshader/);
    expect(stdout).toContain('maxBufferSize: ');
    expect(stdout).toMatch(/^Used: software\. No hardware adapter was found/m);
    expect(stdout).toMatch(/^To do: For a GPU, install /m);
  });
});

describe('what goes wrong on the GPU in the middle of training ends the run with 6', () => {
  /** Runs a long training whose device is given to `harm` (the body of a function) after a while. */
  async function trainAnd(harm: string) {
    const hook = join(folder, 'harm.mjs');
    const webgpu = pathToFileURL(join(root, 'node_modules', 'webgpu', 'index.js')).href;
    await writeFile(
      hook,
      `import { globals } from ${JSON.stringify(webgpu)};
      const { requestDevice } = globals.GPUAdapter.prototype;
      globals.GPUAdapter.prototype.requestDevice = async function (...args) {
        const device = await requestDevice.apply(this, args);
        setTimeout(() => { ${harm} }, 500);
        return device;
      };`,
    );
    const out = join(folder, 'harmed');
    const args = ['train', '--data', data, '--epochs', '100000', '--out', out, '--json'];
    const finished = await runCli(args, { env: { NODE_OPTIONS: `--import ${pathToFileURL(hook).href}` } });
    expect(finished.stderr).toContain('Network: ');
    expect(await readdir(folder)).not.toContain('harmed');
    return finished;
  }

  test('the device is lost', async () => {
    const { code, stdout, stderr } = await trainAnd('device.destroy()');
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toContain('shadegrad: The GPU device was destroyed.');
  });

  test('the GPU reports an error', async () => {
    const { code, stdout, stderr } = await trainAnd('device.createBuffer({ size: 4, usage: 0 })');
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toContain('shadegrad: The GPU reported an error: ');
  });
});
