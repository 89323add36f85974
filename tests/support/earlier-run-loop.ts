import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { earlierRunIn } from '../../src/node/earlier-run.ts';
import { writeWhole } from '../../src/node/files.ts';

/** Trainings of one number each in a folder, one after the other, until it is killed: a process for a test. */
const [, , folder = '', ...names] = process.argv;
const [checkpoint = '', ...results] = names;
const before = join(folder, checkpoint);
let number = existsSync(before) ? Number(readFileSync(before, 'utf8')) : 0;
for (;;) {
  const earlier = await earlierRunIn(folder);
  number++;
  await writeWhole(before, String(number), earlier?.moveAside);
  for (const name of results) await writeWhole(join(folder, name), String(number));
  process.stdout.write(`${number}\n`);
}
