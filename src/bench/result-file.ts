import { sha256 } from '../data/checksum.ts';
import type { NamedBytes } from '../data/idx.ts';
import { reasonOf, ShadegradError } from '../errors.ts';
import { canonicalJson, fieldsOf } from '../json.ts';
import type { ChoiceReport } from './choice.ts';
import type { BenchReport } from './report.ts';
import { rowsOf } from './rows.ts';
import { at, type Shape } from './shape.ts';

/** Raised when files of before can no longer be read. */
const FORMAT = 1;

/**
 * A report as the text of a result file: JSON with the number of the format and a checksum of all the rest. The checksum
 * finds accidents and careless edits, and no forgery: whoever wants to can compute it anew.
 */
export async function benchFile(report: BenchReport | ChoiceReport): Promise<string> {
  const content = { format: FORMAT, ...report };
  return `${JSON.stringify({ ...content, sha256: await checksum(content) }, null, 2)}\n`;
}

/**
 * The report in a result file, if its figures can be relied on.
 * @param file its content, and its name for messages
 * @throws ShadegradError `bad-data` if it is none, of another format, not as it was written, or if a row is void or was not
 *   checked against float64
 */
export async function readBenchFile({ name, bytes }: NamedBytes): Promise<BenchReport> {
  const { sha256: told, ...content } = fieldsOf(parsed(name, bytes));
  const shape = SHAPES[String(content.bench)];
  if (!shape) throw noResult(name, 'it has none of the benchmarks floor, kernels and train');
  if (content.format !== FORMAT) {
    const format = content.format === undefined ? 'no format' : `the format ${content.format}`;
    throw new ShadegradError(
      'bad-data',
      `${name} has ${format}, and this version reads ${FORMAT}.`,
      'Measure again with this version.',
    );
  }
  const found = await checksum(content);
  if (told !== found) {
    throw new ShadegradError(
      'bad-data',
      `${name} is not as it was written: its content has the SHA-256 ${found}, and it says ${told ?? 'nothing'}.`,
      'Measure again, or take the file as it was.',
    );
  }
  const wrong = at(content, shape);
  if (wrong !== undefined) throw noResult(name, `${wrong} is missing or of the wrong kind`);
  const { format: _, ...report } = content;
  return reliable(name, report as unknown as BenchReport);
}

function parsed(name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw noResult(name, `it is no JSON: ${reasonOf(cause)}`);
  }
}

function noResult(name: string, why: string): ShadegradError {
  return new ShadegradError(
    'bad-data',
    `${name} is no result of "shadegrad bench": ${why}.`,
    'Give files that "shadegrad bench" printed with --json, or that the page saved.',
  );
}

function reliable(name: string, report: BenchReport): BenchReport {
  for (const { what, status, reason, isChecked } of rowsOf(report)) {
    if (status === 'void') {
      throw new ShadegradError(
        'bad-data',
        `${name} has a void row: ${what}: ${reason}.`,
        'Measure again without it: an adapter that computes wrong values has no figures.',
      );
    }
    if (!isChecked) {
      throw new ShadegradError(
        'bad-data',
        `${name} has a row whose values were not compared with float64: ${what}.`,
        'Measure again without it: networks that large are watched, but not checked.',
      );
    }
  }
  return report;
}

function checksum(content: object): Promise<string> {
  return sha256(new TextEncoder().encode(canonicalJson(JSON.parse(JSON.stringify(content)))));
}

const SPREAD: Shape = {
  median: 'positive',
  low: ['positive', 'null'],
  high: ['positive', 'null'],
  p95: 'positive',
  min: 'positive',
  samples: 'positive',
};
const CASE = { kernel: 'string', size: 'string', variant: ['string', 'null'] } satisfies Shape;
const MEASURED_CASE: Shape = {
  ...CASE,
  status: { is: 'measured' },
  time: SPREAD,
  flops: 'number',
  bytes: 'number',
  rotation: { bytes: 'number' },
  checked: { values: 'number', of: 'number' },
};
const TIMELESS = { status: [{ is: 'void' }, { is: 'skipped' }], reason: 'string' } satisfies Shape;
const SHARE = { share: 'positive', boundBy: 'string' } satisfies Shape;
const CONFIG = {
  plan: 'string',
  batchSize: 'positive',
  hidden: { every: 'positive' },
  models: 'positive',
} satisfies Shape;
const REPORT: Shape = {
  environment: {
    adapter: { description: 'string', software: 'boolean' },
    toggles: { every: 'string' },
    versions: { shadegrad: 'string', webgpu: ['string', 'null'], runtime: 'string' },
    timing: { clock: 'string' },
    date: 'string',
  },
  floor: {
    dispatch: SPREAD,
    roundTrip: SPREAD,
    copies: { every: MEASURED_CASE },
    fma: MEASURED_CASE,
    halfFma: [MEASURED_CASE, { ...CASE, ...TIMELESS }],
    sharedFma: [MEASURED_CASE, { ...CASE, ...TIMELESS }],
  },
};

/** What a file must have of what is read from it. */
const SHAPES: Readonly<Record<string, Shape>> = {
  floor: REPORT,
  kernels: {
    ...REPORT,
    kernels: {
      every: [
        { ...MEASURED_CASE, ...SHARE },
        { ...CASE, ...TIMELESS },
      ],
    },
  },
  train: {
    ...REPORT,
    training: {
      every: [
        {
          ...CONFIG,
          ...SHARE,
          status: { is: 'measured' },
          step: SPREAD,
          imagesPerSecond: 'positive',
          twinSamples: 'number',
        },
        { ...CONFIG, ...TIMELESS },
      ],
    },
  },
};
