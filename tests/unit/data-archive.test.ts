import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DownloadProgress } from '../../src/data/download.ts';
import type { ArchivedDataset } from '../../src/data/known.ts';
import { fetchArchivedDataset, readArchivedDataset } from '../../src/node/archive.ts';
import type { FetchOptions } from '../../src/node/known.ts';
import { encodeIdx } from '../support/idx.ts';
import { Servers } from '../support/servers.ts';
import { zipFile } from '../support/zip.ts';

const files = {
  trainImages: { name: 'emnist-letters-train-images-idx3-ubyte' },
  trainLabels: { name: 'emnist-letters-train-labels-idx1-ubyte' },
  testImages: { name: 'emnist-letters-test-images-idx3-ubyte' },
  testLabels: { name: 'emnist-letters-test-labels-idx1-ubyte' },
};
/** Stored column by column: two rows of three pixels. */
const members: Record<string, Uint8Array> = {
  [`gzip/${files.trainImages.name}.gz`]: gzipSync(
    encodeIdx([2, 3, 2], Uint8Array.of(1, 4, 2, 5, 3, 6, 10, 40, 20, 50, 30, 60)),
  ),
  [`gzip/${files.trainLabels.name}.gz`]: gzipSync(encodeIdx([2], Uint8Array.of(1, 2))),
  [`gzip/${files.testImages.name}.gz`]: gzipSync(encodeIdx([1, 3, 2], Uint8Array.of(7, 0, 8, 0, 9, 0))),
  [`gzip/${files.testLabels.name}.gz`]: gzipSync(encodeIdx([1], Uint8Array.of(2))),
};
const other = 'emnist-digits-train-labels-idx1-ubyte.gz';
const whole = zipFile({ 'README.txt': Buffer.from('hello'), [`gzip/${other}`]: gzipSync('x'), ...members });

function dataset(url = '', zip = whole): ArchivedDataset {
  return {
    name: 'emnist-letters',
    classes: 2,
    classNames: ['A', 'B'],
    variable: 'EMNIST_DIR',
    conventions: { transposed: true, firstLabel: 1 },
    files,
    archive: {
      name: 'gzip.zip',
      url,
      checksum: { algorithm: 'sha256', hex: createHash('sha256').update(zip).digest('hex') },
      bytes: zip.length,
      members: [other, ...Object.values(files).map(({ name }) => `${name}.gz`)],
    },
  };
}

const expected = {
  name: 'emnist-letters',
  classes: 2,
  classNames: ['A', 'B'],
  shape: { height: 2, width: 3 },
  train: {
    count: 2,
    images: Uint8Array.of(1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60),
    labels: Uint8Array.of(0, 1),
  },
  test: { count: 1, images: Uint8Array.of(7, 8, 9, 0, 0, 0), labels: Uint8Array.of(1) },
};

let folder: string;
let cache: string;
const servers = new Servers();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-archive-'));
  cache = join(folder, 'cache', 'emnist');
});
afterEach(async () => {
  servers.close();
  await rm(folder, { recursive: true });
});

async function serve(answer: RequestListener): Promise<string> {
  return `${await servers.start(answer)}/gzip.zip`;
}
const good: RequestListener = (_, response) => response.end(whole);
const closed = 'http://127.0.0.1:1/gzip.zip';

function fetchLetters(of: ArchivedDataset, options: Partial<FetchOptions> = {}) {
  return fetchArchivedDataset(cache, of, { patience: { stallSeconds: 20, totalSeconds: 20 }, ...options });
}

describe('a dataset in an archive', () => {
  test('is downloaded with progress, turned upright and numbered from 0', async () => {
    const progress: DownloadProgress[] = [];
    const loaded = await fetchLetters(dataset(await serve(good)), { onProgress: (p) => progress.push(p) });
    expect(loaded).toEqual(expected);
    expect(progress.at(-1)).toMatchObject({ file: 'gzip.zip', received: whole.length });
  });

  test('is kept with the others, without the archive, and needs no network the next time', async () => {
    await fetchLetters(dataset(await serve(good)));
    const kept = [...dataset().archive.members, 'SHA256SUMS'];
    expect((await readdir(cache)).sort()).toEqual(kept.sort());
    expect(await readdir(join(folder, 'cache'))).toEqual(['emnist']);
    expect(await readFile(join(cache, 'SHA256SUMS'), 'utf8')).toMatch(/^([0-9a-f]{64} {2}emnist-\S+\n){5}$/);
    expect(await fetchLetters(dataset(closed))).toEqual(expected);
  });

  test('is downloaded again where a file of it has changed since', async () => {
    await fetchLetters(dataset(await serve(good)));
    const changed = join(cache, `${files.testLabels.name}.gz`);
    await writeFile(changed, gzipSync(encodeIdx([1], Uint8Array.of(1))));
    const notices: string[] = [];
    const options = { onNotice: (notice: string) => notices.push(notice) };
    await expect(fetchLetters(dataset(closed), options)).rejects.toMatchObject({ code: 'bad-data' });
    expect(notices).toEqual([expect.stringContaining(changed)]);
    expect((await readdir(cache)).sort()).toEqual(['SHA256SUMS', other]);
    expect(await fetchLetters(dataset(await serve(good)))).toEqual(expected);
  });

  test.each<[string, RequestListener, RegExp]>([
    ['is missing', (_, response) => response.writeHead(404).end(), /answers 404/],
    [
      'is another one',
      (_, response) => response.end(zipFile(members)),
      /is not the official gzip\.zip: its sha256/,
    ],
    ['goes on and on', (_, response) => response.end(Buffer.concat([whole, whole])), /more arrives than/],
    [
      'is cut',
      (_, response) => {
        response.writeHead(200, { 'content-length': whole.length });
        response.write(whole.subarray(0, 100), () => response.destroy());
      },
      /after 100 bytes/,
    ],
  ])('leaves nothing where the archive %s', async (_, answer, reason) => {
    const failure = fetchLetters(dataset(await serve(answer)));
    await expect(failure).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(reason) });
    expect(await readdir(join(folder, 'cache'))).toEqual([]);
  });

  test('leaves nothing where the archive stalls', async () => {
    const url = await serve((_, response) => void response.write(whole.subarray(0, 50)));
    const failure = fetchLetters(dataset(url), { patience: { stallSeconds: 0.5, totalSeconds: 20 } });
    await expect(failure).rejects.toThrow(/nothing arrived for 0\.5 s after 50/);
    expect(await readdir(join(folder, 'cache'))).toEqual([]);
  });

  test('is not kept where it is aborted', async () => {
    const controller = new AbortController();
    const url = await serve((_, response) => void response.write(whole.subarray(0, 50)));
    const failure = fetchLetters(dataset(url), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(failure).rejects.toMatchObject({ code: 'interrupted' });
    expect(await readdir(join(folder, 'cache'))).toEqual([]);
  });

  test('says so where it cannot be kept', async () => {
    await writeFile(join(folder, 'cache'), 'a file in its place');
    await expect(fetchLetters(dataset(await serve(good)))).rejects.toMatchObject({ code: 'io' });
  });
});

describe('an archive is not trusted, whatever its checksum', () => {
  const fetchZip = async (zip: Buffer) =>
    fetchLetters(dataset(await serve((_, response) => response.end(zip)), zip));

  test('where members are missing', async () => {
    await expect(fetchZip(zipFile({ [`gzip/${other}`]: gzipSync('x') }))).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining(`lacks ${files.trainImages.name}.gz`),
    });
  });

  test('where it is no archive', async () => {
    await expect(fetchZip(Buffer.from('<html>'))).rejects.toThrow(/damaged zip archive/);
  });

  test('where a member would be written elsewhere: it is not', async () => {
    const outside = Object.fromEntries(
      Object.entries(members).map(([name, bytes]) => [`../../../${name}`, bytes]),
    );
    await expect(fetchZip(zipFile({ [other]: gzipSync('x'), ...outside }))).rejects.toThrow(/damaged zip/);
    expect(await readdir(folder)).toEqual(['cache']);
  });

  test('where a member holds more than it states', async () => {
    const long = encodeIdx([1], new Uint8Array(100_000));
    const name = `gzip/${files.trainLabels.name}.gz`;
    const stating = Buffer.from(gzipSync(long));
    stating.writeUInt32LE(9, stating.length - 4);
    await expect(
      fetchZip(zipFile({ [other]: gzipSync('x'), ...members, [name]: stating })),
    ).rejects.toMatchObject({ code: 'bad-data' });
  });
});

describe('an archive in a folder of the user', () => {
  test('is read where it is', async () => {
    await writeFile(join(folder, 'gzip.zip'), whole);
    expect(await readArchivedDataset(folder, dataset())).toEqual(expected);
    expect(await readdir(folder)).toEqual(['gzip.zip']);
  });

  test('must be the official one, and there', async () => {
    await expect(readArchivedDataset(folder, dataset())).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining(`The folder ${folder} lacks gzip.zip`),
    });
    await writeFile(join(folder, 'gzip.zip'), zipFile(members));
    await expect(readArchivedDataset(folder, dataset())).rejects.toThrow(/is not the official/);
  });
});
