import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { colophon, documentPage, pageOf, sourceAddress } from '../../tools/documents.ts';

describe("the source's address", () => {
  test.for([
    ['git+https://host.test/one/two.git', 'https://host.test/one/two'],
    ['git://host.test/one/two.git', 'https://host.test/one/two'],
    ['ssh://git@host.test/one/two.git', 'https://host.test/one/two'],
    ['https://host.test/one/two/', 'https://host.test/one/two'],
    ['one/two', 'https://github.com/one/two'],
    ['github:one/two', 'https://github.com/one/two'],
  ] as const)('is that of package.json: %s', ([written, address]) => {
    const other = { GITHUB_SERVER_URL: 'https://other.test', GITHUB_REPOSITORY: 'three/four' };
    expect(sourceAddress({ repository: written }, other)).toBe(address);
    expect(sourceAddress({ repository: { url: written } }, {})).toBe(address);
  });

  test('is else that of what GitHub Actions build, else none, and none is made up', () => {
    const built = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'three/four' };
    expect(sourceAddress({}, built)).toBe('https://github.com/three/four');
    expect(sourceAddress({}, {})).toBeUndefined();
    expect(colophon('1.2.3', undefined)).not.toMatch(/Source|http/);
    expect(colophon('1.2.3', 'https://github.com/three/four')).toContain(
      '<a href="https://github.com/three/four">Source</a>',
    );
  });
});

describe('the documents beside the page', () => {
  const files = [
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    ...readdirSync('docs').map((name) => `docs/${name}`),
  ];
  const pages = (source: string | undefined) =>
    new Map(
      files
        .filter((path) => path.endsWith('.md'))
        .map((path) => [
          pageOf(path),
          documentPage(path, readFileSync(path, 'utf8'), new Set(files), source),
        ]),
    );

  test('lead to each other and to places in each other, and nowhere that is not there', () => {
    const made = pages(undefined);
    const places = new Set(files.map(pageOf));
    for (const [path, html] of made) {
      for (const [, href = ''] of html.matchAll(/<(?:a|img)[^>]* (?:href|src)="([^"]*)"/g)) {
        if (/^https?:/.test(href) || href.endsWith('/../index.html')) continue;
        const [file, anchor] = href.split('#');
        const target = file ? posix.join(posix.dirname(path), file) : path;
        expect(places, `${path}: ${href}`).toContain(target);
        if (anchor) expect(made.get(target), `${path}: ${href}`).toContain(`id="${anchor}"`);
      }
    }
    expect(made.get('docs/page.html')).toContain('<h1 id="the-demo-page">The demo page</h1>');
  });

  test('lead to the rest of the project where its source is known', () => {
    const text = 'See [the shaders](../shaders/dense.wgsl) and [this](page.md#share-it).';
    const html = documentPage('docs/a.md', text, new Set(files), 'https://github.com/one/two');
    expect(html).toContain('href="https://github.com/one/two/blob/HEAD/shaders/dense.wgsl"');
    expect(html).toContain('href="page.html#share-it"');
    expect(documentPage('docs/a.md', text, new Set(files), undefined)).toContain('See the shaders and <a');
  });

  test('show text as it is', () => {
    const html = documentPage('a.md', '# A < B\n\n`<b>` & c\n\n    <script>\n', new Set(), undefined);
    expect(html).toContain('<title>A &lt; B – Shadegrad</title>');
    expect(html).toContain('<code>&lt;b&gt;</code> &amp; c');
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toContain('<script>');
  });
});
