import {
  type BenchEnvironment,
  type BenchReport,
  benchSummary,
  quantityText,
  timeIn,
} from '../../src/bench.ts';
import { benchTables, type Explained } from './bench-tables.ts';
import { WORDS } from './bench-words.ts';
import { make } from './dom.ts';
import { explanations } from './explained.ts';

const TITLES = { floor: 'The floor', kernels: 'Kernels', train: 'Training' } as const;

/** What the page shows of a report beside its picture. */
export interface BenchParts {
  readonly verdict: readonly Node[];
  /** Says how to read the picture. */
  readonly caption: readonly (Node | string)[];
  readonly figures: readonly Node[];
  readonly environment: readonly Node[];
}

export function benchParts(report: BenchReport): BenchParts {
  const explained = explanations();
  const invitation = make('p', { class: 'hint' }, 'Press an underlined word to see what it means.');
  const parts = {
    verdict: verdictOf(report),
    caption: captionOf(report, explained),
    figures: [invitation, ...benchTables(report, explained)],
    environment: [environmentTable(report.environment, explained)],
  };
  return { ...parts, figures: [...parts.figures, ...explained.boxes()] };
}

function verdictOf(report: BenchReport): HTMLElement[] {
  const { wrong, findings, remarks } = benchSummary(report);
  const paragraphs = (kind: string, sentences: readonly string[]) =>
    sentences.map((sentence) => make('p', { class: kind }, unbroken(sentence)));
  return [
    make('h3', {}, TITLES[report.bench]),
    ...paragraphs('wrong', wrong),
    ...paragraphs('findings', findings),
    ...paragraphs('hint', remarks),
  ];
}

/** With units on the lines of their numbers. */
function unbroken(sentence: string): string {
  return sentence.replaceAll(/(?<=\d) (?=(?:[nµm]?s|%|[kMGT]B\/s)(?![a-z]))/g, '\u00a0');
}

function captionOf({ bench }: BenchReport, explained: Explained): (Node | string)[] {
  return bench === 'kernels'
    ? [explained.word(WORDS.roofline), ': each kernel that computes is a point, the lines are the floor.']
    : ['Higher is faster. Both scales are logarithmic.'];
}

/** The circumstances that every figure depends on. */
function environmentTable(environment: BenchEnvironment, explained: Explained): HTMLElement {
  const { adapter, timing, versions, features, date } = environment;
  const { clock, quantumNanoseconds: quantum, roundTripMicroseconds } = timing;
  const kind = adapter.software ? 'Software' : 'Hardware';
  const steps = quantum === null ? '' : `, in steps of ${quantityText(timeIn(quantum / 1000))}`;
  const rows: readonly (readonly [Node | string, ...(Node | string)[]])[] = [
    ['Adapter', make('span', { class: `badge ${kind.toLowerCase()}` }, kind), ` ${adapter.description}`],
    [
      explained.word(WORDS.clock),
      clock === 'timestamp-query' ? `The GPU's timestamps${steps}` : 'The page, from submit to done',
    ],
    [explained.word(WORDS.roundTrip), quantityText(timeIn(roundTripMicroseconds.median))],
    ['Version', `Shadegrad ${versions.shadegrad}`],
    ['Browser', versions.runtime],
    ['Features', features.join(', ')],
    ['Date', `${date.slice(0, 16).replace('T', ' ')} UTC`],
  ];
  return make(
    'table',
    { class: 'facts' },
    make('caption', { class: 'unseen' }, 'What the figures depend on'),
    make(
      'tbody',
      {},
      ...rows.map(([name, ...content]) =>
        make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, ...content)),
      ),
    ),
  );
}
