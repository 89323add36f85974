import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Claim, claimFolder, type Holder, isAtWork, isHolder } from '../../src/node/claims.ts';

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'shadegrad-test-')), 'task');
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(join(folder, '..'), { recursive: true });
});

async function claim(): Promise<Claim> {
  const claimed = await claimFolder(folder);
  if (isHolder(claimed)) throw new Error(`Process ${claimed.pid} holds it.`);
  return claimed;
}

async function holder(): Promise<Holder> {
  const claimed = await claimFolder(folder);
  if (!isHolder(claimed)) throw new Error('Nobody holds it.');
  return claimed;
}

/** Changes what a claim says of its process. */
async function rewrite(name: string, changes: object): Promise<void> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...changes }));
}

/** As if a claim had last been touched so many seconds ago. */
async function age(name: string, seconds: number): Promise<void> {
  const time = Date.now() / 1000 - seconds;
  await utimes(join(folder, name), time, time);
}

test('of two only one has a folder, until it is released', async () => {
  const first = await claim();
  const seen = await holder();
  expect(seen).toMatchObject({ pid: process.pid, isHere: true, number: 1 });
  expect(isAtWork(seen, seen)).toBe(true);
  await first.release();
  expect(await readdir(folder)).toEqual([]);
  await (await claim()).release();
});

test('of many at once one has it', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => claimFolder(folder)));
  expect(all.filter((each) => !isHolder(each))).toHaveLength(1);
});

test('a process of this machine that was killed holds nothing, from the moment on', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  await claim();
  await rewrite('claim-1', { pid: child.pid, started: await startOf(child.pid) });
  expect(await holder()).toMatchObject({ pid: child.pid, isHere: true });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await claim();
  expect((await readdir(folder)).toSorted()).toEqual(['claim-1', 'claim-2']);
});

test('the number of a dead process that another one has now is not that of a living one', async () => {
  await claim();
  await rewrite('claim-1', { started: 'long ago' });
  await claim();
});

test('a process of this machine that is suspended, or whose number another one has got, holds nothing after a while', async () => {
  await claim();
  await age('claim-1', 10);
  expect(await holder()).toMatchObject({ pid: process.pid, isHere: true });
  await age('claim-1', 30);
  await claim();
  expect((await readdir(folder)).toSorted()).toEqual(['claim-1', 'claim-2']);
});

test('a process elsewhere holds a folder as long as it touches its claim, by the clock of the folder', async () => {
  await claim();
  await rewrite('claim-1', { host: 'elsewhere', pid: 1 });
  await age('claim-1', 10);
  expect(await holder()).toMatchObject({ host: 'elsewhere', pid: 1, isHere: false });
  await age('claim-1', 30);
  const second = await claim();
  expect((await readdir(folder)).toSorted()).toEqual(['claim-1', 'claim-2']);
  await second.release();
});

test('whether one elsewhere is at work is known once it has touched its claim, or another one has come in its place', async () => {
  await claim();
  await rewrite('claim-1', { host: 'elsewhere' });
  const seen = await holder();
  expect(isAtWork(seen, await holder())).toBe(false);
  await age('claim-1', -5);
  const touched = await holder();
  expect(isAtWork(seen, touched)).toBe(true);
  expect(isAtWork(touched, await holder())).toBe(false);
  expect(isAtWork(touched, { ...touched, number: 2 })).toBe(true);
});

test('a claim that was not written to its end is nobody’s, and is left once it is old', async () => {
  await (await claim()).release();
  await writeFile(join(folder, 'claim-4'), '{"host":');
  expect(await holder()).toMatchObject({ host: 'an unknown machine', number: 4, isHere: false });
  await age('claim-4', 30);
  await claim();
  expect((await readdir(folder)).toSorted()).toEqual(['claim-4', 'claim-5']);
});

test('a claim is touched while it is held, and one that was taken over is told so', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const first = await claim();
  await age('claim-1', 15);
  const before = await holder();
  vi.advanceTimersByTime(4000);
  await vi.waitFor(async () => expect((await holder()).touched).toBeGreaterThan(before.touched));
  expect(first.lost.aborted).toBe(false);
  await writeFile(join(folder, 'claim-2'), '{}');
  vi.advanceTimersByTime(4000);
  await vi.waitFor(() => expect(first.lost.aborted).toBe(true));
  await first.release();
  expect(await readdir(folder)).toEqual(['claim-2']);
});

test('a folder that cannot be made is an error that names it', async () => {
  await (await claim()).release();
  await writeFile(join(folder, 'file'), '');
  const below = join(folder, 'file', 'task');
  await expect(claimFolder(below)).rejects.toMatchObject({
    code: 'io',
    message: expect.stringContaining(`${below} could not be claimed: `),
  });
});

async function startOf(pid: number | undefined): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
