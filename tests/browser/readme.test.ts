import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { type Bundle, bundled, compressedBytes } from '../support/bundle.ts';
import { eventually, test } from '../support/demo.ts';
import { mnistPaths } from '../support/mnist-files.ts';
import { Servers } from '../support/servers.ts';

const mirror = 'https://ossci-datasets.s3.amazonaws.com/mnist/';

/** What a careful page allows: scripts of its own host, and MNIST's mirror. */
const policy = `default-src 'none'; script-src 'self'; connect-src ${new URL(mirror).origin}`;

let example: string;
let bundle: Bundle;

beforeAll(async () => {
  const readme = await readFile(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  example =
    [...readme.matchAll(/```js\n([\s\S]*?)```/g)]
      .map(([, code = '']) => code)
      .find((code) => code.includes("from 'shadegrad';")) ?? '';
  bundle = await bundled(example.replace(/epochs: \d+/, 'epochs: 1'));
});

describe("the README's example for browsers", () => {
  test('is small: 35 kB compressed at most before it begins, without a single shader', () => {
    expect(compressedBytes(bundle, bundle.first)).toBeLessThan(35_000);
    for (const name of bundle.first) expect(bundle.files.get(name), name).not.toContain('@compute');
    const others = [...bundle.files.keys()].filter((name) => !bundle.first.includes(name));
    expect(others.map((name) => basename(name).split('-')[0]).sort()).toEqual([
      'common',
      'floor',
      'fused',
      'lanes',
      'matrix',
      'plain',
      'quads',
      'tiled',
    ]);
  });

  test('trains on MNIST under a strict policy, and loads only the shaders of its plan', async ({
    browser,
  }) => {
    const servers = new Servers();
    const context = await browser.newContext();
    const problems: string[] = [];
    const asked: string[] = [];
    try {
      const origin = await servers.start(({ url = '/' }, response) => {
        const name = url.slice(1);
        const code = bundle.files.get(name);
        if (code !== undefined) asked.push(basename(name));
        response.setHeader('content-security-policy', policy);
        response.setHeader('content-type', code === undefined ? 'text/html' : 'text/javascript');
        response.end(
          code ?? '<!doctype html><title>Example</title><body><script type="module" src="main.js"></script>',
        );
      });
      const page = await context.newPage();
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
      await page.route(`${mirror}**`, (route) =>
        route.fulfill({
          headers: { 'access-control-allow-origin': '*' },
          path: mnistPaths.find((path) => route.request().url().endsWith(basename(path))) ?? '',
        }),
      );
      await page.goto(`${origin}/`);
      await eventually(() => page.locator('body').innerText()).toMatch(/test: /);
      expect(await page.locator('body').innerText()).toMatch(
        /^mnist on .*SwiftShader.*, epoch 1: 0\.9\d{3}, test: 0\.9\d{3}$/i,
      );
      expect(problems).toEqual([]);
      expect(asked.map((name) => name.split(/[-.]/)[0]).sort()).toEqual(['common', 'main', 'quads']);
    } finally {
      await context.close();
      servers.close();
    }
  });
});
