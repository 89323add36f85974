import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { planMemory } from '../../src/node/plan-memory.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-plans-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('keeps choices in a file, beside those that were there', async () => {
  await planMemory(folder).set('one', 'fused');
  await planMemory(folder).set('two', 'layered');
  expect(await planMemory(folder).get('one')).toBe('fused');
  expect(await planMemory(folder).get('three')).toBeUndefined();
  const file = await readFile(join(folder, 'plans.json'), 'utf8');
  expect(JSON.parse(file)).toEqual({ one: 'fused', two: 'layered' });
});

test.each(['', 'no JSON', 'null', '[1]', '{"one": 1}'])(
  'takes a file that says %j for none',
  async (content) => {
    await writeFile(join(folder, 'plans.json'), content);
    const memory = planMemory(folder);
    expect(await memory.get('one')).toBeUndefined();
    await memory.set('one', 'fused');
    expect(await memory.get('one')).toBe('fused');
  },
);

test('does without, where nothing can be written', async () => {
  await mkdir(join(folder, 'plans.json'));
  const memory = planMemory(folder);
  await memory.set('one', 'fused');
  expect(await memory.get('one')).toBeUndefined();
});
