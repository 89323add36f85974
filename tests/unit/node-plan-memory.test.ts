import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { planMemory } from '../../src/node/plan-memory.ts';
import { nodeVersions } from '../../src/node/versions.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-plans-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const [fused, layered] = [{ fused: 12.5 }, { layered: 20, fused: 31, 'fused-2': null }];

test('keeps times in a file, beside those that were there, for the versions that run', async () => {
  await planMemory(folder).set('one', fused);
  await planMemory(folder).set('two', layered);
  expect(await planMemory(folder).get('one')).toEqual(fused);
  expect(await planMemory(folder).get('three')).toBeUndefined();
  const file = await readFile(join(folder, 'plans.json'), 'utf8');
  const { shadegrad, webgpu } = await nodeVersions();
  const version = `shadegrad ${shadegrad}, webgpu ${webgpu}`;
  expect(JSON.parse(file)).toEqual({ [`${version}; one`]: fused, [`${version}; two`]: layered });
  await writeFile(join(folder, 'plans.json'), file.replaceAll(`shadegrad ${shadegrad}`, 'shadegrad 0.0.1'));
  expect(await planMemory(folder).get('one')).toBeUndefined();
});

test('does not believe what is no time', async () => {
  const memory = planMemory(folder);
  const path = join(folder, 'plans.json');
  await memory.set('one', fused);
  const file = await readFile(path, 'utf8');
  for (const damaged of [
    '"fused"',
    '["fused"]',
    'null',
    '{"fused": "12"}',
    '{"fused": -1}',
    '{"fused": [null]}',
  ]) {
    await writeFile(path, file.replace(/{\s*"fused": 12.5\s*}/, damaged));
    expect(await memory.get('one')).toBeUndefined();
  }
});

// The last is what a former version kept: names.
test.each(['', 'no JSON', 'null', '[1]', '{"one": 1}', '{"SwiftShader; 784-100-10; fused": "fused"}'])(
  'takes a file that says %j for none',
  async (content) => {
    await writeFile(join(folder, 'plans.json'), content);
    const memory = planMemory(folder);
    expect(await memory.get('one')).toBeUndefined();
    await memory.set('one', fused);
    expect(await memory.get('one')).toEqual(fused);
  },
);

test('does without, where nothing can be written', async () => {
  await mkdir(join(folder, 'plans.json'));
  const memory = planMemory(folder);
  await memory.set('one', fused);
  expect(await memory.get('one')).toBeUndefined();
});
