import { posix } from 'node:path';
import { Marked } from 'marked';
import { gfmHeadingId } from 'marked-gfm-heading-id';

// The project's documents as pages that stand beside the demo page. Part of the build.

/** Where the project's source is, as far as it says so itself. */
export interface Origin {
  /** That of package.json. */
  readonly repository?: string | { readonly url: string };
}

/**
 * The address of the source's repository, without a slash at its end: that of package.json, else of the one that GitHub Actions
 * builds; undefined where neither says it.
 */
export function sourceAddress(
  { repository }: Origin,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const written = typeof repository === 'string' ? repository : repository?.url;
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: built } = environment;
  if (!written) return server && built ? `${server}/${built}` : undefined;
  const address = /^(github:)?[\w.-]+\/[\w.-]+$/.test(written)
    ? `https://github.com/${written.replace('github:', '')}`
    : written.replace(/^git\+/, '').replace(/^(git|ssh):\/\/(git@)?/, 'https://');
  return address.replace(/(\.git)?\/?$/, '');
}

/** The last lines of the demo page: version, licence, and where to read on. */
export function colophon(version: string, source: string | undefined): string {
  const links = [
    ['./documents/README.html', 'Documentation'],
    ['./documents/CHANGELOG.html', 'Changes'],
    ['./documents/LICENSE.txt', 'MIT licence'],
    ...(source ? [[source, 'Source']] : []),
  ];
  const items = links.map(([href, text]) => `<a href="${href}">${text}</a>`);
  return `<p>Shadegrad ${version}</p>${items.map((item) => `<p>${item}</p>`).join('')}`;
}

/**
 * A document as a page. Links to other documents lead to their pages, those to the rest of the project to its source, or nowhere
 * where the address of that is not known.
 *
 * @param path the document's place in the project, e.g. "docs/page.md"
 * @param files places of all that is published beside it: documents and pictures
 */
export function documentPage(
  path: string,
  markdown: string,
  files: ReadonlySet<string>,
  source: string | undefined,
): string {
  const here = posix.dirname(path);
  const place = (href: string): string | undefined => {
    if (/^([a-z]+:|#)/.test(href)) return href;
    const [file = '', anchor] = href.split('#');
    const target = posix.join(here, file);
    if (files.has(target)) {
      const own = posix.relative(here, pageOf(target));
      return anchor === undefined ? own : `${own}#${anchor}`;
    }
    return source && `${source}/blob/HEAD/${target}`;
  };
  const marked = new Marked(gfmHeadingId(), {
    walkTokens(token) {
      if (token.type === 'link' || token.type === 'image') token.href = place(token.href) ?? '';
    },
    renderer: {
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        return href === '' ? text : `<a href="${href}">${text}</a>`;
      },
      // Wide ones scroll for themselves, by keyboard too.
      table(token) {
        const cells = (row: typeof token.header, tag: string) =>
          row.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('');
        const rows = token.rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('');
        return `<div class="scroll" tabindex="0" role="group" aria-label="Table"><table><thead><tr>${cells(token.header, 'th')}</tr></thead><tbody>${rows}</tbody></table></div>`;
      },
      code({ text }) {
        return `<pre tabindex="0"><code>${escaped(text)}</code></pre>`;
      },
    },
  });
  const title = /^# (.+)$/m.exec(markdown)?.[1] ?? path;
  const root = posix.relative(here, '.') || '.';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'">
<title>${escaped(title)} – Shadegrad</title>
<link rel="stylesheet" href="${root}/documents.css">
</head>
<body>
<nav><a href="${root}/../index.html">The demo page</a> <a href="${root}/README.html">Documentation</a></nav>
<main>
${marked.parse(markdown, { async: false })}</main>
</body>
</html>
`;
}

/** Where the page of a document is, and any other file. */
export function pageOf(path: string): string {
  return path === 'LICENSE' ? 'LICENSE.txt' : path.replace(/\.md$/, '.html');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
