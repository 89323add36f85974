import { expect, test } from 'vitest';
import { kernelWord, planWord, WORDS } from '../../demo/page/bench-words.ts';
import { KERNELS, type KernelName } from '../../src/gpu/kernels.ts';
import { PLAN_NAMES } from '../../src/train/plans/index.ts';

const kernels = (Object.keys(KERNELS) as KernelName[]).map(kernelWord);
const words = [...Object.values(WORDS), ...kernels, ...PLAN_NAMES.map(planWord)];

test('every word, kernel and plan has one meaning, in sentences', () => {
  expect(new Set(words.map(({ term }) => term)).size).toBe(words.length);
  for (const { term, text } of words) expect(text, term).toMatch(/^\S.{15,220}\.$/);
  expect(words.filter(({ text }) => /undefined|_quads|_lanes|_matrix/.test(text))).toEqual([]);
});

test.each([
  ['dense_update', /^The gradient of a layer's weights, and their change, in one go\.$/],
  ['dense_update_quads', /in one go\. Made for processors that compute four numbers at a time\.$/],
  ['dense_bytes_lanes', /^The first layer forwards, .* 4, 8 or 16 numbers at a time\.$/],
  ['dense_matrix', /^A layer forwards: .* matrix units, in half precision\.$/],
] as const)('%s', (kernel, text) => {
  expect(kernelWord(kernel)).toEqual({ term: kernel, text: expect.stringMatching(text) });
});
