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
import { knownDataset } from '../data/load.ts';
import { reasonOf, ShadegradError } from '../errors.ts';
import { readStored, systemReason, unreadableText } from './files.ts';
import { gunzipNamed } from './gzip.ts';
import { downloadOptions, type FetchOptions, nodeTools } from './known.ts';
import { unpackOnce } from './unpack.ts';

/** File of the members' checksums, taken when their archive had been checked; in the format of sha256sum. */
const SUMS = 'SHA256SUMS';

/**
 * Reads `dataset` out of its archive in a folder of the user's, once the archive's checksum is checked.
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
        : unreadableText(path, cause);
    const nextStep = 'Files that were unpacked from it can be used as a dataset of their own.';
    throw new ShadegradError('bad-data', problem, nextStep, cause);
  });
  checkArchive(archive, path, hash.digest('hex'));
  const packed = new Map<string, NamedBytes>();
  const wanted = Object.values(dataset.files).map(({ name }) => `${name}.gz`);
  await eachMember(path, wanted, async (name, stream) => {
    packed.set(name, { name: `${path}: ${name}`, bytes: Buffer.concat(await stream.toArray()) });
  });
  return archivedDataset(dataset, packed);
}

/**
 * Reads `dataset` from the folder `cache`. Where the dataset is not there whole, its archive is downloaded, checked,
 * unpacked into the folder and deleted; the archive's other datasets are kept as well. The checksums of its members are
 * written down then, and compared each time that a member is read.
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
  const cached = await readMembers(cache, dataset).catch(async (error: unknown) => {
    if (!(error instanceof ShadegradError)) throw error;
    options.onNotice?.(`The cache is damaged, so ${archive.name} is downloaded again. ${error.message}`);
    // Only this dataset's files, so that the others are still there where the download fails.
    for (const { name } of Object.values(dataset.files)) await rm(join(cache, `${name}.gz`), { force: true });
    return undefined;
  });
  if (cached) return cached;
  await unpackOnce(cache, files, async (folder) => {
    const path = join(folder, archive.name);
    await downloadArchive(archive, path, options);
    await unpackMembers(path, archive.members, folder);
    await rm(path);
  }).catch((cause: unknown) => {
    throw cause instanceof ShadegradError ? cause : unkept(cache, archive, systemReason(cause), cause);
  });
  const fetched = await readMembers(cache, dataset);
  if (!fetched) throw unkept(cache, archive, `${SUMS} is gone`);
  return fetched;
}

function unkept(cache: string, { name }: KnownArchive, reason: string, cause?: unknown): ShadegradError {
  return new ShadegradError(
    'io',
    `${name} could not be kept in ${cache}: ${reason}.`,
    'Check that the folder is writable and the disk not full.',
    cause,
  );
}

/**
 * The dataset, if the cache has it.
 *
 * @throws ShadegradError `bad-data` where it is damaged
 */
async function readMembers(cache: string, dataset: ArchivedDataset): Promise<Dataset | undefined> {
  const sums = await readFile(join(cache, SUMS), 'utf8').catch(() => undefined);
  if (sums === undefined) return undefined;
  const sumOf = new Map(
    sums
      .split('\n')
      .map((line) => line.split('  '))
      .map(([sum = '', name = '']) => [name, sum]),
  );
  const packed = new Map<string, NamedBytes>();
  for (const { name } of Object.values(dataset.files)) {
    const file = await readStored(join(cache, `${name}.gz`));
    if ((await nodeTools.digest('sha256', file.bytes)) !== sumOf.get(`${name}.gz`))
      throw new ShadegradError(
        'bad-data',
        `${file.name} is not as it was written.`,
        'Get the archive again.',
      );
    packed.set(`${name}.gz`, file);
  }
  return archivedDataset(dataset, packed);
}

async function archivedDataset(
  dataset: ArchivedDataset,
  packed: ReadonlyMap<string, NamedBytes>,
): Promise<Dataset> {
  const files = await mapFiles(dataset.files, async ({ name }) => {
    const member = packed.get(`${name}.gz`) ?? { name, bytes: new Uint8Array() };
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
 * Calls `use` for each of the `members` of a zip archive, whatever folder of it they are in. Folders in their names
 * are ignored, so an archive cannot decide where files are written.
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
    // An error of the file system, e.g. a full disk, is not the archive's fault.
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
