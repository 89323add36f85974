import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

const TESTS_PAGE = '<!doctype html><title>Tests</title><script type="module" src="/tests/main.js"></script>';

/**
 * Serves folders on a free port of this machine, and `/tests.html`, which runs the bundled tests.
 *
 * @param {Readonly<Record<string, string>>} folders by the first part of their addresses
 * @returns {Promise<{ origin: string, close: () => void }>}
 */
export async function serve(folders) {
  const server = createServer(async (request, response) => {
    try {
      // Both throw where the request is malformed.
      const pathname = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
      if (pathname === '/tests.html') {
        response.setHeader('Content-Type', 'text/html; charset=utf-8').end(TESTS_PAGE);
        return;
      }
      const [, first = '', ...rest] = normalize(pathname).split('/');
      const folder = folders[first];
      const path = rest.join('/') || 'index.html';
      if (folder === undefined || rest.includes('..')) throw new RangeError('no such folder');
      const content = await readFile(join(folder, path));
      response.setHeader('Content-Type', TYPES[extname(path)] ?? 'application/octet-stream').end(content);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
