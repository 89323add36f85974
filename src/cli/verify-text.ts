import { printableName } from '../data/dataset.ts';
import {
  type Comparison,
  type Condition,
  type NetworkReport,
  ShadegradError,
  type Verification,
} from '../node.ts';
import { percent } from './output.ts';

/** A list of networks, or of what differs, is cut off after so many. */
const MOST_LINES = 10;

/** What was compared, line by line, and the verdict. */
export function verificationText(found: Verification, models: readonly NetworkReport[]): string {
  const { conditions, kept, bits, rounding, tolerances, notCompared } = found;
  const apart = [...rounding, ...tolerances];
  const left = notCompared.map(({ why, ...one }) => `  ${nameOf(one, models)}: ${why}`);
  const lines = [
    'Conditions:',
    ...conditions.filter(({ what, same }) => what !== 'before' || !same).map(conditionLine),
    'The report with itself, and with the models beside it:',
    ...exactLines(kept, models),
    'To the bit:',
    ...exactLines(bits, models),
    ...(apart.length === 0 ? [] : ['By tolerance:', ...toleranceLines(apart, models)]),
    ...(left.length === 0 ? [] : ['Not compared:', ...cut(left)]),
  ];
  // Much of it stands in the report as somebody wrote it.
  return `${lines.map(printableName).join('\n')}\n${found.verdict === 'differs' ? '' : `\n${verdictText(found)}\n`}`.trimEnd();
}

/** What goes wrong on this machine, and in its words, which have lines of their own. */
const OWN_WORDS = ['no-adapter', 'gpu', 'device-lost'];

/** An error of a verification as it can be printed: it may name what stands in the report as somebody wrote it. */
export function printableError(error: unknown): unknown {
  if (!(error instanceof ShadegradError) || OWN_WORDS.includes(error.code)) return error;
  const { code, message, nextStep } = error;
  return new ShadegradError(code, printableName(message), printableName(nextStep), error);
}

/** The verdict as a sentence. */
export function verdictText(found: Verification): string {
  const { verdict, expected, kept, bits, tolerances, conditions, falseAlarm } = found;
  const others = conditions.filter(({ same }) => !same).map(({ what }) => what);
  switch (verdict) {
    case 'same-bits':
      return 'The same: every weight and every result has the same bits.';
    case 'within-tolerance':
      return (
        `The same within tolerance. ${
          bits.every(({ agrees }) => agrees)
            ? 'What the report tells to the bit is the same; it does not tell the weights.'
            : `The bits are others, as they may be, since these are: ${others.join(', ')}.`
        } ` +
        'What is compared is no further apart than rounding takes it in an epoch, and than networks are that are equally good.'
      );
    case 'differs':
      if (!kept.every(({ agrees }) => agrees))
        return 'The report differs from itself, from the data, or from the models beside it.';
      if (expected === 'same-bits')
        return 'The run differs from its report: under these conditions the bits must be the same.';
      return tolerances.every(({ agrees }) => agrees)
        ? 'The run differs from its report in the first epoch, by more than rounding made of it in copies. How often that happens by chance is not known.'
        : `The run differs from its report by more than the tolerances, which happens by chance once in ${1 / falseAlarm} times.`;
  }
}

function conditionLine({ what, reported, here, same }: Condition): string {
  const name = `  ${what.padEnd(14)}`;
  return same
    ? `${name}the same: ${reported ?? 'none'}`
    : `${name}report ${reported ?? 'none'}, here ${here ?? 'none'}`;
}

function exactLines(comparisons: readonly Comparison[], models: readonly NetworkReport[]): string[] {
  const names = [...new Set(comparisons.filter(({ agrees }) => agrees).map(({ what }) => what))];
  const differing = comparisons.filter(({ agrees }) => !agrees);
  const counted = names.map((name) => {
    const all = comparisons.filter(({ what, agrees }) => what === name && agrees).length;
    return all > 1 ? `${name} (${all} networks)` : name;
  });
  return [
    ...(counted.length > 0 ? [`  the same: ${counted.join(', ')}`] : []),
    ...cut(
      differing.map(
        (one) => `  ${nameOf(one, models)}: report ${one.reported ?? 'none'}, here ${one.here ?? 'none'}`,
      ),
    ),
  ];
}

/** Of many that agree the nearest to what is allowed, one of each kind. */
function toleranceLines(comparisons: readonly Comparison[], models: readonly NetworkReport[]): string[] {
  const line = (one: Comparison) => toleranceLine(one, models);
  if (comparisons.length <= MOST_LINES) return comparisons.map(line);
  const differing = comparisons.filter(({ agrees }) => !agrees);
  const within = comparisons.filter(({ agrees }) => agrees);
  const kinds = [...new Set(within.map(kindOf))];
  const nearest = kinds.map((kind) =>
    within
      .filter((one) => kindOf(one) === kind)
      .reduce((most, one) => (shareOf(one) > shareOf(most) ? one : most)),
  );
  return [
    `  within: ${within.length} of ${comparisons.length} comparisons${within.length > 0 ? '; of each kind the nearest to what is allowed:' : ''}`,
    ...nearest.map(line),
    ...cut(differing.map(line)),
  ];
}

function kindOf({ what }: Comparison): string {
  return what.replace(/, epoch \d+| \d+$/, '');
}

/** How much of what is allowed two values are apart. */
function shareOf({ reported, here, allowed }: Comparison): number {
  return allowed ? Math.abs(Number(reported) - Number(here)) / allowed : 0;
}

function toleranceLine(comparison: Comparison, models: readonly NetworkReport[]): string {
  const { what, reported, here, allowed, agrees } = comparison;
  const name = `  ${nameOf(comparison, models)}: `;
  if (typeof reported !== 'number' || typeof here !== 'number' || allowed === null)
    return `${name}report ${reported ?? 'none'}, here ${here ?? 'none'}${agrees ? '' : ', which differs'}`;
  const [show, unit] = what.includes('accuracy') ? [percent, points] : [digits, few];
  return (
    `${name}report ${show(reported)}, here ${show(here)}, ${unit(Math.abs(reported - here))} apart, ` +
    `${unit(allowed)} allowed${agrees ? '' : ': too much'}`
  );
}

function digits(value: number): string {
  return value.toPrecision(9);
}

function few(value: number): string {
  return value.toPrecision(2);
}

function points(share: number): string {
  return `${(100 * share).toFixed(2)} points`;
}

function nameOf(
  { what, network }: Pick<Comparison, 'what' | 'network'>,
  models: readonly NetworkReport[],
): string {
  const model = network === null || models.length === 1 ? undefined : models[network];
  return model ? `${what} of network ${(network ?? 0) + 1} (seed ${model.seed})` : what;
}

function cut(lines: readonly string[]): string[] {
  const more = lines.length - MOST_LINES;
  return more > 0 ? [...lines.slice(0, MOST_LINES), `  and ${more} more`] : [...lines];
}
