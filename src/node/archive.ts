import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Dataset } from '../data/dataset.ts';
import { downloadTo } from '../data/download.ts';
import { mapFiles, type NamedBytes } from '../data/idx.ts';
import type { ArchivedDataset, KnownArchive } from '../data/known.ts';
import { reasonOf, ShadegradError } from '../errors.ts';
import { readStored } from './files.ts';
import { gunzipNamed } from './gzip.ts';
import { downloadOptions, type FetchOptions, knownDataset, nodeTools } from './known.ts';
import { unpackOnce } from './unpack.ts';

/** In the format of the program sha256sum: the checksums of an archive's members as they were when it was checked. */
const SUMS = 'SHA256SUMS';

/**
 * Reads `dataset` out of its archive in a folder of the user's, after it has checked that.
 *
 * @throws ShadegradError `bad-data` where the archive is missing, damaged or another one
 */
export async function readArchivedDataset(folder: string, dataset: ArchivedDataset): Promise<Dataset> {
  const { archive } = dataset;
  const path = join(folder, archive.name);
  const { algorithm } = archive.checksum;
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash).catch((cause: NodeJS.ErrnoException) => {
    const problem =
      cause.code === 'ENOENT'
        ? `The folder ${folder} lacks ${archive.name}, which must be there whole: the checksum that is published is its.`
        : `${path} cannot be read: ${reasonOf(cause)}.`;
    const nextStep = 'Files that were unpacked from it can be used as a dataset of their own.';
    throw new ShadegradError('bad-data', problem, nextStep, cause);
  });
  checkArchive(archive, path, hash.digest('hex'));
  const packed = new Map<string, Uint8Array>();
  const wanted = Object.values(dataset.files).map(({ name }) => `${name}.gz`);
  await eachMember(path, wanted, async (name, stream) => {
    packed.set(name, Buffer.concat(await stream.toArray()));
  });
  return archivedDataset(dataset, (name) => ({
    name: `${path}: ${name}`,
    bytes: packed.get(name) ?? new Uint8Array(),
  }));
}

/**
 * Reads `dataset` from the folder `cache`. Where that does not hold it whole, its archive is downloaded into it, checked,
 * unpacked and deleted; the archive's other datasets are kept as well. Its members' checksums are written down then, and
 * compared each time that they are read.
 *
 * @throws ShadegradError `bad-data` where it can neither be read nor downloaded, `interrupted` where aborted
 */
export async function fetchArchivedDataset(
  cache: string,
  dataset: ArchivedDataset,
  options: FetchOptions,
): Promise<Dataset> {
  const { archive } = dataset;
  const files = [...archive.members, SUMS];
  const cached = await readMembers(cache, dataset).catch((error: unknown) => {
    if (!(error instanceof ShadegradError)) throw error;
    return error;
  });
  if (!(cached instanceof ShadegradError)) return cached;
  if (cached.code !== 'io') {
    options.onNotice?.(`The cache is damaged, so ${archive.name} is downloaded again. ${cached.message}`);
    await rm(cache, { recursive: true, force: true });
  }
  await unpackOnce(cache, files, async (folder) => {
    const path = join(folder, archive.name);
    await downloadArchive(archive, path, options);
    await unpackMembers(path, archive.members, folder);
    await rm(path);
  }).catch((cause: unknown) => {
    if (cause instanceof ShadegradError) throw cause;
    throw new ShadegradError(
      'io',
      `${archive.name} could not be kept in ${cache}: ${reasonOf(cause)}.`,
      'Check that the folder is writable and the disk not full.',
      cause,
    );
  });
  return readMembers(cache, dataset);
}

/** @throws ShadegradError `io` where the cache does not have the dataset, `bad-data` where it is damaged */
async function readMembers(cache: string, dataset: ArchivedDataset): Promise<Dataset> {
  const sums = await readFile(join(cache, SUMS), 'utf8').catch((cause) => {
    throw new ShadegradError('io', `${cache} does not hold ${dataset.name}.`, '', cause);
  });
  const sumOf = new Map(
    sums
      .split('\n')
      .map((line) => line.split('  '))
      .map(([sum = '', name = '']) => [name, sum]),
  );
  const stored = await mapFiles(dataset.files, async ({ name }) => {
    const file = await readStored(join(cache, `${name}.gz`));
    if ((await nodeTools.digest('sha256', file.bytes)) !== sumOf.get(`${name}.gz`))
      throw new ShadegradError('bad-data', `${file.name} is not as it was written.`, '');
    return file;
  });
  const packed = new Map(Object.values(stored).map((file) => [basename(file.name), file]));
  return archivedDataset(dataset, (name) => packed.get(name) ?? { name, bytes: new Uint8Array() });
}

async function archivedDataset(
  dataset: ArchivedDataset,
  memberNamed: (name: string) => NamedBytes,
): Promise<Dataset> {
  const files = await mapFiles(dataset.files, async ({ name }) => {
    const member = memberNamed(`${name}.gz`);
    return { name: member.name, bytes: await gunzipNamed(member) };
  });
  return knownDataset(dataset, files);
}

async function downloadArchive(archive: KnownArchive, path: string, options: FetchOptions): Promise<void> {
  const hash = createHash(archive.checksum.algorithm);
  const file = await open(path, 'wx');
  let received = 0;
  try {
    await downloadTo(archive.url, archive.name, downloadOptions(options), async (chunk) => {
      received += chunk.length;
      if (received > archive.bytes)
        throw new RangeError(`more arrives than the ${archive.bytes} bytes it has`);
      hash.update(chunk);
      await file.writeFile(chunk);
    });
  } finally {
    await file.close();
  }
  checkArchive(archive, archive.url, hash.digest('hex'));
}

function checkArchive({ name, checksum }: KnownArchive, what: string, sum: string): void {
  if (sum === checksum.hex) return;
  throw new ShadegradError(
    'bad-data',
    `${what} is not the official ${name}: its ${checksum.algorithm} is ${sum}, not ${checksum.hex}.`,
    'Get the file again.',
  );
}

async function unpackMembers(path: string, members: readonly string[], folder: string): Promise<void> {
  const sums: string[] = [];
  await eachMember(path, members, async (name, stream) => {
    const hash = createHash('sha256');
    await pipeline(
      stream,
      async function* (chunks) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(join(folder, name), { flags: 'wx' }),
    );
    sums.push(`${hash.digest('hex')}  ${name}\n`);
  });
  await writeFile(join(folder, SUMS), sums.join(''));
}

/**
 * Calls `use` for each of the `members` of a zip archive, whatever folder of it they are in. Only their own names are
 * used, so an archive cannot say where they go.
 *
 * @throws ShadegradError `bad-data` where the archive is damaged, or any is missing
 */
async function eachMember(
  path: string,
  members: readonly string[],
  use: (name: string, stream: Readable) => Promise<void>,
): Promise<void> {
  const { openPromise } = await import('yauzl');
  const missing = new Set(members);
  try {
    const zip = await openPromise(path);
    for await (const entry of zip.eachEntry()) {
      const name = basename(entry.fileName);
      if (!missing.delete(name)) continue;
      await use(name, await zip.openReadStreamPromise(entry));
    }
  } catch (cause) {
    // Of the file system, e.g. that the disk is full.
    if (cause instanceof Error && 'syscall' in cause) throw cause;
    throw new ShadegradError(
      'bad-data',
      `${path} is a damaged zip archive: ${reasonOf(cause)}.`,
      'Get the file again.',
      cause,
    );
  }
  if (missing.size === 0) return;
  throw new ShadegradError('bad-data', `${path} lacks ${[...missing].join(', ')}.`, 'Get the file again.');
}
