import { expect, test } from 'vitest';
import { answerText } from '../../demo/page/draw.ts';

const digits = Array.from({ length: 10 }, (_, label) => String(label));

test.each([
  [{ 7: 1 }, 'A 7, over 99.9 % sure.'],
  [{ 8: 0.99949, 3: 0.00051 }, 'An 8, 99.9 % sure.'],
  [{ 4: 0.6, 9: 0.4 }, 'A 4, 60.0 % sure.'],
  [{ 4: 0.521, 8: 0.41 }, 'A 4 (52.1 %) or an 8 (41.0 %)?'],
])('%j: %s', (given, text) => {
  const probabilities = digits.map(
    (_, label) => Object.entries(given).find(([key]) => Number(key) === label)?.[1] ?? 0,
  );
  const ranked = [...probabilities.keys()].sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
  expect(answerText(ranked, probabilities, digits)).toBe(text);
});

test('names that are no digits or letters stand without an article', () => {
  expect(answerText([1, 0], [0.2, 0.8], ['stop', 'Yield'])).toBe('Yield, 80.0 % sure.');
});
