#!/usr/bin/env node
// Reads the pictures that make.mjs made, with `shadegrad predict` and a model of MNIST, and prints a table as Markdown:
//
//     node tools/pictures/table.mjs MODEL FOLDER
//
// For each kind: how many are read right, how many should be, and how many had a notice.

import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kinds } from './kinds.mjs';

const [model, folder] = process.argv.slice(2);
if (!model || !folder) {
  console.error('Usage: table.mjs MODEL FOLDER');
  process.exit(2);
}
const cli = new URL('../../dist/cli.js', import.meta.url).pathname;
const run = promisify(execFile);

console.log('| kind | right | goal | notices |\n| --- | ---: | ---: | --- |');
for (const { name, goal } of kinds) {
  const files = (await readdir(join(folder, name))).sort();
  const args = [cli, 'predict', model, '--json', ...files.map((file) => join(folder, name, file))];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 28 });
  const { predictions } = JSON.parse(stdout);
  const right = predictions.filter(({ digit }, i) => digit === Number(files[i].slice(4, 5))).length;
  const notices = new Map();
  for (const code of predictions.flatMap(({ noticeCodes }) => noticeCodes)) {
    notices.set(code, (notices.get(code) ?? 0) + 1);
  }
  const told = [...notices].map(([code, count]) => `${count} ${code}`).join(', ');
  console.log(`| ${name} | ${right} | ${goal} | ${told} |`);
}
