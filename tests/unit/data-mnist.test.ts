import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DownloadProgress } from '../../src/data/download.ts';
import type { KnownDataset, KnownFile } from '../../src/data/known.ts';
import {
  type FetchOptions,
  fetchKnownDataset,
  readKnownDataset,
  readPackagedDataset,
} from '../../src/node/known.ts';
import { encodeIdx } from '../support/idx.ts';
import { Servers } from '../support/servers.ts';

/** The files of a small dataset by name, uncompressed. */
const content: Record<string, Uint8Array> = {
  'train-images-idx3-ubyte': encodeIdx(
    [5, 4, 4],
    Uint8Array.from({ length: 80 }, (_, i) => 3 * i),
  ),
  'train-labels-idx1-ubyte': encodeIdx([5], Uint8Array.of(0, 1, 2, 1, 0)),
  't10k-images-idx3-ubyte': encodeIdx(
    [2, 4, 4],
    Uint8Array.from({ length: 32 }, (_, i) => 7 * i),
  ),
  't10k-labels-idx1-ubyte': encodeIdx([2], Uint8Array.of(2, 0)),
};
const names = Object.keys(content);
/** A file known by the checksum of its content, as MNIST's are, or by that of its gzip file, as others are. */
type Known = (name: string) => KnownFile;
const byContent: Known = (name) => ({
  name,
  checksumOf: 'content',
  checksum: { algorithm: 'sha256', hex: digest('sha256', content[name]) },
});
const byGzip: Known = (name) => ({
  name,
  checksumOf: 'gzip',
  checksum: { algorithm: 'md5', hex: digest('md5', packed(`/${name}`)) },
});

function digest(algorithm: string, bytes: Uint8Array = new Uint8Array()): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

function dataset(mirrors: readonly string[] = [], known = byContent): KnownDataset {
  const files = {
    trainImages: known('train-images-idx3-ubyte'),
    trainLabels: known('train-labels-idx1-ubyte'),
    testImages: known('t10k-images-idx3-ubyte'),
    testLabels: known('t10k-labels-idx1-ubyte'),
  };
  return { name: 'tiny', classes: 3, variable: 'TINY_DIR', npmPackage: 'tiny-data', mirrors, files };
}

const expected = {
  name: 'tiny',
  classes: 3,
  shape: { height: 4, width: 4 },
  train: { count: 5, labels: Uint8Array.of(0, 1, 2, 1, 0) },
  test: { count: 2, images: Uint8Array.from({ length: 32 }, (_, i) => 7 * i) },
};

function packed(url = ''): Buffer {
  return gzipSync(content[url.slice(1).replace('.gz', '')] ?? '');
}

let folder: string;
let cache: string;
const servers = new Servers();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-mnist-'));
  cache = join(folder, 'cache');
});
afterEach(async () => {
  servers.close();
  await rm(folder, { recursive: true });
});

async function mirror(answer: RequestListener): Promise<string> {
  return `${await servers.start(answer)}/`;
}

const good: RequestListener = (request, response) => response.end(packed(request.url));

/** Answers that must not be taken for the data, and what the user is told about them. */
const wrong: Record<string, { answer: RequestListener; reason: string; stallSeconds?: number }> = {
  'a missing file': {
    answer: (_, response) => response.writeHead(404).end('no'),
    reason: 'the server answers 404',
  },
  'a web page instead of the file': {
    answer: (_, response) => response.end('<html>Sign in to the network</html>'),
    reason: 'is a web page',
  },
  'a body cut short of its stated length': {
    answer: (request, response) => {
      const body = packed(request.url);
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, -9), () => response.destroy());
    },
    reason: 'bytes',
  },
  'a body that ends too early without a word': {
    answer: (request, response) => response.end(packed(request.url).subarray(0, -9)),
    reason: 'is not a whole gzip file',
  },
  'an IDX file cut before it was compressed': {
    answer: (request, response) =>
      response.end(gzipSync(content[request.url?.slice(1).replace('.gz', '') ?? '']?.subarray(0, -12) ?? '')),
    reason: 'is 12 bytes short: the download was cut',
  },
  'another file of the same form': {
    answer: (_, response) => response.end(gzipSync(encodeIdx([5, 4, 4], new Uint8Array(80)))),
    reason: 'is not the official train-images-idx3-ubyte: its sha256 is',
  },
  'an empty body': { answer: (_, response) => response.end(), reason: 'is empty' },
  'a server that never answers': {
    answer: () => {},
    reason: 'nothing arrived for 0.5 s',
    stallSeconds: 0.5,
  },
  'a body that stalls': {
    answer: (request, response) => {
      response.write(packed(request.url).subarray(0, 10));
    },
    reason: 'nothing arrived for 0.5 s after 10 bytes',
    stallSeconds: 0.5,
  },
};

function fetchTiny(mirrors: string[], options: Partial<FetchOptions> = {}, known = byContent) {
  const patience = { stallSeconds: 20, totalSeconds: 20 };
  return fetchKnownDataset(cache, dataset(mirrors, known), { patience, ...options });
}

describe('fetchKnownDataset', () => {
  test('downloads what the cache lacks, keeps it, and needs no mirror the next time', async () => {
    const progress: DownloadProgress[] = [];
    const loaded = await fetchTiny([await mirror(good)], { onProgress: (step) => progress.push(step) });
    expect(loaded).toMatchObject(expected);
    expect((await readdir(cache)).sort()).toEqual([...names].sort());
    for (const name of names) {
      expect(new Uint8Array(await readFile(join(cache, name)))).toEqual(content[name]);
      const last = progress.filter(({ file }) => file === name).at(-1);
      expect(last?.received).toBe(packed(`/${name}.gz`).length);
    }
    expect(await fetchTiny([])).toEqual(loaded);
  });

  test('states the total where the server does', async () => {
    const progress: DownloadProgress[] = [];
    const stating = await mirror((request, response) => {
      const body = packed(request.url);
      response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    await fetchTiny([stating], { onProgress: (step) => progress.push(step) });
    expect(progress.every(({ received, total }) => total !== null && received <= total)).toBe(true);
  });

  test('takes a file that the server unpacked on the way', async () => {
    const unpacking = await mirror((request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed(request.url));
    });
    expect(await fetchTiny([unpacking])).toMatchObject(expected);
  });

  test.each(Object.entries(wrong))(
    'refuses %s, says so, and keeps nothing',
    async (_, { answer, reason, stallSeconds = 20 }) => {
      const url = await mirror(answer);
      const failure = fetchTiny([url], { patience: { stallSeconds, totalSeconds: 20 } });
      await expect(failure).rejects.toMatchObject({
        code: 'bad-data',
        message: expect.stringContaining(reason),
        nextStep: expect.stringContaining('network'),
      });
      await expect(failure).rejects.toThrow(`${url}train-images-idx3-ubyte.gz`);
      expect(await readdir(cache).catch(() => [])).toEqual([]);
    },
  );

  test.each(Object.entries(wrong))(
    'turns to the second mirror after %s',
    async (_, { answer, stallSeconds = 10 }) => {
      // Gives the second server enough time even on a busy machine.
      const patience = { stallSeconds: 2 * stallSeconds, totalSeconds: 20 };
      expect(await fetchTiny([await mirror(answer), await mirror(good)], { patience })).toMatchObject(
        expected,
      );
    },
  );

  test('asks the mirror that had the first file first for the others', async () => {
    let asked = 0;
    const missing = await mirror((_, response) => {
      asked++;
      response.writeHead(404).end();
    });
    await fetchTiny([missing, await mirror(good)]);
    expect(asked).toBe(1);
  });

  test('names every mirror and its reason where none can be reached', async () => {
    const closed = ['http://127.0.0.1:1/', 'http://127.0.0.1:2/'];
    const failure = fetchTiny(closed);
    for (const url of closed) await expect(failure).rejects.toThrow(url);
  });

  test('ends when the time for all files is over, though data keeps trickling', async () => {
    const trickling = await mirror((_, response) => {
      const timer = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(timer));
    });
    const patience = { stallSeconds: 10, totalSeconds: 0.5 };
    const started = performance.now();
    await expect(fetchTiny([trickling, trickling], { patience })).rejects.toThrow('the time allowed is over');
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('stops when aborted, keeps nothing and asks no other mirror', async () => {
    const abort = new AbortController();
    const stalling = await mirror((_, response) => {
      response.write('x');
      abort.abort();
    });
    let asked = 0;
    const second = await mirror((request, response) => {
      asked++;
      good(request, response);
    });
    await expect(fetchTiny([stalling, second], { signal: abort.signal })).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(asked).toBe(0);
    expect(await readdir(cache).catch(() => [])).toEqual([]);
  });

  test('names a damaged file of the cache and downloads it again', async () => {
    const url = await mirror(good);
    await fetchTiny([url]);
    const path = join(cache, 't10k-images-idx3-ubyte');
    await writeFile(path, 'damaged');
    const notices: string[] = [];
    expect(await fetchTiny([url], { onNotice: (notice) => notices.push(notice) })).toMatchObject(expected);
    expect(notices).toEqual([expect.stringContaining(path)]);
    expect(new Uint8Array(await readFile(path))).toEqual(content['t10k-images-idx3-ubyte']);
  });

  test('takes gzip-compressed files that were put into the cache', async () => {
    await mkdir(cache);
    for (const name of names) await writeFile(join(cache, `${name}.gz`), packed(`/${name}`));
    expect(await fetchTiny([])).toMatchObject(expected);
  });

  test('goes on with a notice where the cache cannot be written', async () => {
    await writeFile(cache, 'a file where the folder should be');
    const notices: string[] = [];
    const loaded = await fetchTiny([await mirror(good)], { onNotice: (notice) => notices.push(notice) });
    expect(loaded).toMatchObject(expected);
    expect(notices[0]).toContain('is not kept for the next time');
  });
});

describe('a dataset of which the checksums of the gzip files are published', () => {
  const fetchPacked = (mirrors: string[], options: Partial<FetchOptions> = {}) =>
    fetchTiny(mirrors, options, byGzip);

  test('is kept as it was sent, and checked each time that it is read', async () => {
    const url = await mirror(good);
    expect(await fetchPacked([url])).toMatchObject(expected);
    expect((await readdir(cache)).sort()).toEqual(names.map((name) => `${name}.gz`).sort());
    expect(await fetchPacked([])).toMatchObject(expected);

    const path = join(cache, 'train-labels-idx1-ubyte.gz');
    await writeFile(path, gzipSync(encodeIdx([5], Uint8Array.of(2, 2, 2, 2, 2))));
    const notices: string[] = [];
    expect(await fetchPacked([url], { onNotice: (notice) => notices.push(notice) })).toMatchObject(expected);
    expect(notices).toEqual([expect.stringContaining(path)]);
  });

  test.each([
    ['another gzip file', () => gzipSync('other'), /its md5 is [0-9a-f]{32}, not/],
    [
      'what is right, but was unpacked on the way',
      (url: string) => content[url.slice(1, -3)],
      /not compressed/,
    ],
    ['a web page', () => '<html>', /is a web page/],
    ['a cut file', (url: string) => packed(url).subarray(0, 40), /is not the official .*\.gz/],
  ])('is not taken from %s', async (_, answer, reason) => {
    const url = await mirror((request, response) => response.end(answer(request.url ?? '')));
    await expect(fetchPacked([url])).rejects.toThrow(reason);
    expect(await readdir(cache).catch(() => [])).toEqual([]);
  });

  test('is read from a folder with those files, also where it has them uncompressed too', async () => {
    for (const name of names) {
      await writeFile(join(folder, name), content[name] ?? '');
      await writeFile(join(folder, `${name}.gz`), packed(`/${name}`));
    }
    expect(await readKnownDataset(folder, dataset([], byGzip))).toMatchObject(expected);
    for (const name of names) await rm(join(folder, `${name}.gz`));
    await expect(readKnownDataset(folder, dataset([], byGzip))).rejects.toThrow(/is not compressed/);
  });
});

describe('readPackagedDataset', () => {
  const install = async (project: string, files: Record<string, Uint8Array> = content) => {
    const installed = join(folder, project, 'node_modules', 'tiny-data');
    await mkdir(join(installed, 'data'), { recursive: true });
    await writeFile(join(installed, 'package.json'), '{"name":"tiny-data","main":"./throws.js"}');
    await writeFile(join(installed, 'throws.js'), 'throw new Error("its code is not to be run")');
    for (const name of names) await writeFile(join(installed, 'data', name), files[name] ?? '');
    return installed;
  };
  const base = (...parts: string[]) => join(folder, ...parts, 'file.js');
  const read = async (...bases: string[]) => {
    const notices: string[] = [];
    const data = await readPackagedDataset(dataset(), (notice) => notices.push(notice), bases);
    return { data, notices };
  };

  test('finds the package from any folder below that which it is installed in', async () => {
    await install('project');
    const { data, notices } = await read(base('elsewhere'), base('project', 'src', 'deep'));
    expect(data).toMatchObject(expected);
    expect(notices).toEqual([]);
  });

  test('finds it beside this package, where that is installed too, and through links, as pnpm makes them', async () => {
    await install('store');
    await mkdir(join(folder, 'user', 'node_modules'), { recursive: true });
    await symlink(
      join(folder, 'store', 'node_modules', 'tiny-data'),
      join(folder, 'user', 'node_modules', 'tiny-data'),
    );
    const { data } = await read(base('user', 'node_modules', 'shadegrad', 'dist'));
    expect(data).toMatchObject(expected);
  });

  test('names one that is damaged or another version, and goes on to the next', async () => {
    const other = { ...content, 't10k-labels-idx1-ubyte': encodeIdx([2], Uint8Array.of(0, 0)) };
    const damaged = await install('first', other);
    await install('second');
    const { data, notices } = await read(base('first'), base('second'));
    expect(data).toMatchObject(expected);
    expect(notices).toEqual([expect.stringContaining(damaged)]);
  });

  test('is content where there is none', async () => {
    expect(await read(base('nowhere'))).toEqual({ data: undefined, notices: [] });
  });
});

describe('readKnownDataset', () => {
  test('reads the official files', async () => {
    for (const name of names) await writeFile(join(folder, name), content[name] ?? '');
    expect(await readKnownDataset(folder, dataset())).toMatchObject(expected);
  });

  test.each(names)('refuses another %s, also where it is well formed', async (name) => {
    for (const each of names) await writeFile(join(folder, each), content[each] ?? '');
    const changed = Uint8Array.from(content[name] ?? []);
    changed[changed.length - 1] = 1;
    await writeFile(join(folder, name), changed);
    await expect(readKnownDataset(folder, dataset())).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining(join(folder, name)),
    });
  });
});
