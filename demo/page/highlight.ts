import type { Token, TokenStream } from 'prismjs';
import Prism from 'prismjs/components/prism-core.js';
import { make } from './dom.ts';

// Else it would look for code all over the page.
Prism.manual = true;
// Its languages add themselves to what they find there.
Object.assign(globalThis, { Prism });
await import('prismjs/components/prism-wgsl.js');

// Prism's grammar is older than these.
Prism.languages.insertBefore('wgsl', 'builtin', {
  // A buffer that has the name of a function.
  variable: /\bstep\b(?!\()/,
  alias: { pattern: /\b(?:vec[234][fhiu]|mat[234]x[234][fh])\b/, alias: 'builtin' },
  directive: { pattern: /\b(?:override|requires|diagnostic)\b/, alias: 'keyword' },
  constant: /\b[A-Z][A-Z\d]*(?:_[A-Z\d]+)*\b/,
});

/** What has a colour; what Prism finds beside is left as it is. */
const COLOURED: ReadonlySet<string> = new Set([
  'attr-name',
  'attr-value',
  'boolean',
  'builtin',
  'class-name',
  'comment',
  'constant',
  'function',
  'keyword',
  'number',
]);

/** WGSL as nodes: parts that have a colour are in elements with a class. */
export function highlighted(code: string): (Node | string)[] {
  const { wgsl } = Prism.languages;
  return wgsl ? nodesOf(Prism.tokenize(code, wgsl)) : [code];
}

function nodesOf(stream: TokenStream): (Node | string)[] {
  if (typeof stream === 'string') return [stream];
  return Array.isArray(stream) ? stream.flatMap(nodesOf) : nodesOfToken(stream);
}

function nodesOfToken({ type, alias, content }: Token): (Node | string)[] {
  const children = nodesOf(content);
  const name = [alias, type].flat().find((one) => COLOURED.has(one));
  return name === undefined ? children : [make('span', { class: `token ${name}` }, ...children)];
}
