import { expect, test } from 'vitest';
import { formatConfusionMatrix } from '../../src/report/text.ts';

test('columns are aligned under their headings', () => {
  expect(
    formatConfusionMatrix(
      [
        [980, 2],
        [9, 976],
      ],
      ['0', '1'],
    ),
  ).toBe(`      predicted
true    0    1
   0  980    2
   1    9  976
`);
});

test('long names stay whole in their rows and are cut over their columns', () => {
  expect(
    formatConfusionMatrix(
      [
        [1, 0],
        [0, 1],
      ],
      ['a class with a long name', '\u{1f600}'],
    ),
  ).toBe(`                          predicted
                    true  a class w…          \u{1f600}
a class with a long name           1           0
                      \u{1f600}           0           1
`);
});

test('names in other scripts take as many columns as terminals give them', () => {
  const matrix = [
    [970, 1, 0],
    [2, 980, 3],
    [0, 4, 990],
  ];
  // Two columns each; a combining accent takes none, half-width Katakana one.
  expect(formatConfusionMatrix(matrix, ['お', 'e\u0301', 'ｶ'])).toBe(`      predicted
true   お    e\u0301    ｶ
  お  970    1    0
   e\u0301    2  980    3
   ｶ    0    4  990
`);
  expect(formatConfusionMatrix([[1]], ['日本語の名前'])).toBe(`              predicted
        true  日本語の…
日本語の名前          1
`);
});
