#!/usr/bin/env node
// Makes pictures of MNIST's test digits as people might have them: a folder for each kind, the digit in each file's name:
//
//     node tools/pictures/make.mjs FOLDER [KIND...]
//
// The pictures are the same on every machine: seeds are fixed. kinds.mjs says which kinds there are.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { randomOf, testDigits } from './digits.mjs';
import { kinds } from './kinds.mjs';

const PICTURES = 100;

const [folder, ...names] = process.argv.slice(2);
const unknown = names.filter((name) => !kinds.some((kind) => kind.name === name));
if (!folder || unknown.length > 0) {
  console.error(
    `Usage: make.mjs FOLDER [KIND...], where a kind is one of ${kinds.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

const digits = await testDigits(PICTURES);
for (const [number, kind] of kinds.entries()) {
  if (names.length > 0 && !names.includes(kind.name)) continue;
  await mkdir(join(folder, kind.name), { recursive: true });
  for (const [i, { label, pixels }] of digits.entries()) {
    const { width, height, channels, data } = kind.draw(pixels, randomOf(1000 * number + i)).picture();
    const { format = 'png', ...options } = kind.save ?? {};
    const file = join(folder, kind.name, `${String(i).padStart(3, '0')}-${label}.${format}`);
    await sharp(data, { raw: { width, height, channels } }).toFormat(format, options).toFile(file);
  }
  console.log(kind.name);
}
