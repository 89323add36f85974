import { describe, expect, test } from 'vitest';
import { commonFolders, labelledFolders } from '../../demo/folders.ts';
import { offerOf } from '../../demo/offered.ts';
import type { OwnFile } from '../../demo/protocol.ts';
import { pngFile } from '../support/png.ts';

const at = (...paths: readonly string[]): OwnFile[] =>
  paths.map((path) => ({ path, file: new File([], path.split('/').at(-1) ?? '') }));
const numbered = (folder: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${folder}/${i}.png`);
const labels = (files: readonly { readonly path: string; readonly label: number }[]) =>
  files.map(({ path, label }) => `${path}: ${label}`);

describe('pictures in folders', () => {
  test('of train and test have the classes that their folders are called, by code points', () => {
    const found = labelledFolders(
      at('d/test/\u{1f600}/3.png', 'd/train/\u{1f600}/2.png', 'd/train/\uff5e/1.png', 'd/train/a/deep/1.png'),
    );
    expect(found.classNames).toEqual(['a', '\uff5e', '\u{1f600}']);
    expect(labels(found.train)).toEqual([
      'd/train/a/deep/1.png: 0',
      'd/train/\uff5e/1.png: 1',
      'd/train/\u{1f600}/2.png: 2',
    ]);
    expect(labels(found.test)).toEqual(['d/test/\u{1f600}/3.png: 2']);
    expect(found.split).toBe(false);
  });

  test('of classes alone are divided: every fifth of each class is to test with', () => {
    const found = labelledFolders(at(...numbered('b', 6), ...numbered('a', 10)));
    expect(found).toMatchObject({ classNames: ['a', 'b'], split: true });
    expect(found.train).toHaveLength(13);
    expect(labels(found.test)).toEqual(['a/4.png: 0', 'a/9.png: 0', 'b/4.png: 1']);
  });

  test.for<[string, readonly string[], RegExp]>([
    ['no folder of a class', ['d/1.png', 'd/2.png'], /d\/1\.png is in no folder of a class/],
    ['pictures in train itself', ['train/1.png', 'test/a/1.png'], /train\/1\.png is in train itself/],
    ['no test', ['train/a/1.png', 'val/a/1.png'], /none "test"/],
    ['another class in test', ['train/a/1.png', 'train/b/1.png', 'test/c/1.png'], /has the class "c"/],
    ['one class', ['train/a/1.png', 'test/a/1.png'], /one class only/],
    ['too few', [...numbered('a', 9), ...numbered('b', 4)], /"b" has only 4 pictures/],
  ])('with %s are refused, with what is expected', ([, paths, reason]) => {
    expect(() => labelledFolders(at(...paths))).toThrow(reason);
  });
});

describe('a dataset of the user', () => {
  const png = pngFile({ width: 1, height: 1, data: Uint8Array.of(0) });
  const nameOf = (...paths: readonly string[]) => {
    const offer = offerOf(at(...paths).map((own) => ({ ...own, head: png })));
    return offer.as === 'dataset' ? `${offer.own.kind}: ${offer.own.name}` : offer.as;
  };

  test('has the name of its folder, but not one that the page has for another dataset', () => {
    expect(nameOf('letters/a/1.png', 'letters/b/1.png')).toBe('pictures: letters');
    expect(nameOf('mnist/a/1.png', 'mnist/b/1.png')).toBe('pictures: your mnist');
    expect(nameOf('a/1.png', 'b/1.png')).toBe('pictures: your files');
    expect(nameOf('1.png', '2.png')).toBe('nothing');
    expect(commonFolders([])).toEqual([]);
  });
});
