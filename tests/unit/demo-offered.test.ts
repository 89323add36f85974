import { describe, expect, test } from 'vitest';
import { identify, type Offered, offerOf, ownFilesText } from '../../demo/offered.ts';
import { pngFile } from '../support/png.ts';

const png = pngFile({ width: 1, height: 1, data: Uint8Array.of(0) });
const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16);
const idx = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28);
const model = Uint8Array.of(64, 0, 0, 0, 0, 0, 0, 0, ...text('{"layers.0.weight":{}}'));

function text(content: string): Uint8Array {
  return Uint8Array.from(content, (character) => character.charCodeAt(0));
}

function offered(path: string, head: Uint8Array): Offered {
  const name = path.split('/').at(-1) ?? '';
  return { path, head: head.slice(0, 64), file: new File([new Uint8Array(head)], name) };
}

describe('a file is told by how it begins', () => {
  test.for<[string, Uint8Array, string, string]>([
    ['7', png, 'picture', 'a PNG picture'],
    ['7.png', jpeg, 'picture', 'a JPEG picture'],
    ['7.bin', text('GIF89a'), 'picture', 'a GIF picture'],
    ['7.webp', text('RIFF\x10\0\n\0WEBPVP8 '), 'picture', 'a WebP picture'],
    ['7.avif', text('\0\0\0\x20ftypavif'), 'picture', 'an AVIF picture'],
    ['7.jpg', text('\0\0\0\x20ftypheic'), 'other', 'a HEIC picture'],
    ['7.mp4', text('\0\0\0\x20ftypisom'), 'other', 'a video'],
    ['images', idx, 'idx', 'an IDX file'],
    ['net', model, 'model', 'a safetensors file'],
    ['cat.pdf', text('%PDF-1.7'), 'other', 'a PDF'],
    ['model.pt', text('PK\x03\x04\0'), 'other', 'a ZIP archive'],
    ['page.png', text('<!DOCTYPE html>\n<html>'), 'other', 'a web page'],
    ['7.svg', text('<?xml version="1.0"?>\n<svg xmlns='), 'other', 'an SVG drawing'],
    ['report.json', text('{\n  "formatVersion": 1'), 'other', 'JSON'],
    ['notes.txt', text('Seven, and nothing else: \xc3\xa4'), 'other', 'text'],
    ['images.gz', Uint8Array.of(0x1f, 0x8b, 8), 'other', 'a gzip file'],
    ['nothing.png', new Uint8Array(), 'other', 'empty'],
    ['a.out', text('\x7fELF\x02\x01'), 'other', 'of a kind that this page does not know'],
  ])('%s', ([path, head, kind, what]) => {
    expect(identify({ path, head })).toMatchObject({ kind, what });
  });

  test('and by its name, where what reads it can tell what is wrong', () => {
    expect(identify({ path: 'model.safetensors', head: text('oops') }).kind).toBe('model');
    expect(identify({ path: 'train-images-idx3-ubyte.gz', head: text('<html>') }).kind).toBe('idx');
    expect(identify({ path: 'train-images.idx3-ubyte', head: new Uint8Array() }).kind).toBe('idx');
  });
});

describe('files that are given together', () => {
  test('are a dataset where there are IDX files, whatever lies beside these', () => {
    const files = [offered('d/README.md', text('About')), offered('d/a', idx), offered('d/b', idx)];
    expect(offerOf(files)).toEqual({
      as: 'dataset',
      own: {
        kind: 'idx',
        name: 'd',
        files: [
          { path: 'd/a', file: files[1]?.file },
          { path: 'd/b', file: files[2]?.file },
        ],
      },
    });
  });

  test('are a model where there is one, as in the folder of a run', () => {
    const file = offered('run/model.safetensors', model);
    expect(offerOf([offered('run/report.json', text('{"a": 1}')), file])).toEqual({
      as: 'model',
      file: file.file,
    });
    expect(offerOf([file, file])).toMatchObject({
      as: 'nothing',
      trouble: { message: expect.stringMatching(/2 models/) },
    });
  });

  test('are a picture to be read where there is one; hidden files do not count', () => {
    const file = offered('7.png', png);
    expect(offerOf([file])).toEqual({ as: 'picture', file: file.file });
    expect(offerOf([offered('.DS_Store', png), offered('Thumbs.db', png), file])).toMatchObject({
      as: 'picture',
    });
    expect(offerOf([file, file, file])).toMatchObject({
      trouble: { message: expect.stringMatching(/^These are 3 pictures/) },
    });
  });

  test('change nothing where they are something else, and are called what they are', () => {
    expect(offerOf([offered('cat.pdf', text('%PDF-1.7'))])).toEqual({
      as: 'nothing',
      trouble: {
        message: 'cat.pdf is a PDF.',
        nextStep: 'To have a digit in it read, take a picture of that. Nothing was changed.',
        details: '',
      },
    });
    expect(offerOf([offered('a.txt', text('one')), offered('b.txt', text('two'))])).toMatchObject({
      trouble: {
        message: expect.stringMatching(/^a\.txt is text, and the other file /),
        nextStep: expect.stringMatching(
          /^This page takes a picture of a digit, a model .* Nothing was changed\.$/,
        ),
        details: 'a.txt: text\nb.txt: text',
      },
    });
    expect(offerOf([])).toMatchObject({ trouble: { message: expect.stringMatching(/^There are no files/) } });
  });
});

test('the field of the images has the name of the dataset, once it has one', () => {
  expect(ownFilesText(undefined)).toBe('Your files');
  expect(ownFilesText({ kind: 'idx', name: 'your files', files: [] })).toBe('Your files');
  expect(ownFilesText({ kind: 'pictures', name: 'digits', files: [] })).toBe('digits (your files)');
});
