// Parts of the page that an address leaves out, for a page that is shown within another one.

/** Their names in the address, and in the page's markup as `data-part`. */
export const PARTS = [
  'masthead',
  'draw',
  'training',
  'setup',
  'inside',
  'keep',
  'history',
  'machine',
  'curves',
  'matrix',
  'mistakes',
  'report',
  'guide',
  'benchmark',
] as const;
export type Part = (typeof PARTS)[number];

/** Those that `?embed` leaves out. */
const NOT_EMBEDDED: readonly Part[] = ['masthead', 'history', 'machine', 'guide', 'benchmark'];

/** Parts that a query leaves out: by `embed`, and by their names, e.g. `hide=setup,report`. */
export function leftOut(query: URLSearchParams): {
  readonly parts: ReadonlySet<Part>;
  /** Names of no part. */
  readonly unknown: readonly string[];
} {
  const names = query.getAll('hide').flatMap((list) => list.split(','));
  const asked = names.map((name) => name.trim()).filter((name) => name !== '');
  const embedded = query.has('embed') ? NOT_EMBEDDED : [];
  const isPart = (name: string) => PARTS.some((part) => part === name);
  return {
    parts: new Set([...embedded, ...PARTS.filter((part) => asked.includes(part))]),
    unknown: asked.filter((name) => !isPart(name)),
  };
}

/** What of a query says which parts are left out, to be put after another query: e.g. "&embed&hide=setup"; or empty. */
export function partsQuery(query: URLSearchParams): string {
  const { parts } = leftOut(new URLSearchParams(query.getAll('hide').map((list) => ['hide', list])));
  return `${query.has('embed') ? '&embed' : ''}${parts.size > 0 ? `&hide=${[...parts].join(',')}` : ''}`;
}
