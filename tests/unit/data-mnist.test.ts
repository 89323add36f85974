import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DownloadProgress } from '../../src/data/download.ts';
import type { KnownDataset } from '../../src/data/mnist.ts';
import { fetchKnownDataset, type KnownDatasetOptions, readKnownDataset } from '../../src/node/mnist.ts';
import { encodeIdx } from '../support/idx.ts';

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
const known = (name: string) => ({
  name,
  sha256: createHash('sha256')
    .update(content[name] ?? '')
    .digest('hex'),
});

function dataset(...mirrors: string[]): KnownDataset {
  const [trainImages, trainLabels, testImages, testLabels] = names.map(known) as [
    ReturnType<typeof known>,
    ReturnType<typeof known>,
    ReturnType<typeof known>,
    ReturnType<typeof known>,
  ];
  return { name: 'tiny', classes: 3, mirrors, files: { trainImages, trainLabels, testImages, testLabels } };
}

const expected = {
  name: 'tiny',
  classes: 3,
  shape: { height: 4, width: 4 },
  train: { count: 5, labels: Uint8Array.of(0, 1, 2, 1, 0) },
  test: { count: 2, images: Uint8Array.from({ length: 32 }, (_, i) => 7 * i) },
};

let folder: string;
let cache: string;
let servers: Server[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-mnist-'));
  cache = join(folder, 'cache');
  servers = [];
});
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true });
});

async function mirror(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const packed = (url = '') => gzipSync(content[url.slice(1).replace('.gz', '')] ?? '');
const good: RequestListener = (request, response) => response.end(packed(request.url));

/** Answers that must not be taken for the data, and what the user is told. */
const wrong: Record<string, { answer: RequestListener; reason: string }> = {
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
  'a server that never answers': { answer: () => {}, reason: 'nothing arrived for 1 s' },
  'a body that stalls': {
    answer: (request, response) => {
      response.write(packed(request.url).subarray(0, 10));
    },
    reason: 'nothing arrived for 1 s after 10 bytes',
  },
};

function fetchTiny(mirrors: string[], options: Partial<KnownDatasetOptions> = {}) {
  const patience = { stallSeconds: 1, totalSeconds: 20 };
  return fetchKnownDataset(cache, dataset(...mirrors), { patience, ...options });
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
    async (_, { answer, reason }) => {
      const url = await mirror(answer);
      await expect(fetchTiny([url])).rejects.toMatchObject({
        code: 'bad-data',
        message: expect.stringContaining(reason),
        nextStep: expect.stringContaining('network'),
      });
      await expect(fetchTiny([url])).rejects.toThrow(`${url}train-images-idx3-ubyte.gz`);
      expect(await readdir(cache).catch(() => [])).toEqual([]);
    },
  );

  test.each(Object.entries(wrong))('turns to the second mirror after %s', async (_, { answer }) => {
    expect(await fetchTiny([await mirror(answer), await mirror(good)])).toMatchObject(expected);
  });

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
