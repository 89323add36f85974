import { fieldsOf } from '../json.ts';

/** One value of the report, and what it is here. */
export interface Comparison {
  /** E.g. "weights", "test accuracy", or a place in the report, "history.2.loss". */
  readonly what: string;
  /** Index of the network; null for the whole run, or for all networks together. */
  readonly network: number | null;
  /** In the report; null where it has none, or where the same was found in both. */
  readonly reported: string | number | null;
  /** In the repetition, or in the file beside the report; null likewise. */
  readonly here: string | number | null;
  /** How far apart numbers may be; null where they must be the same. */
  readonly allowed: number | null;
  /** Whether both are the same, or no further apart than is allowed. */
  readonly agrees: boolean;
}

/** Whether two values agree. */
export const agrees = (comparison: Comparison): boolean => comparison.agrees;

/** Two values that must be the same. */
export function exact(
  what: string,
  network: number | null,
  reported: string | number | null,
  here: string | number | null,
): Comparison {
  return { what, network, reported, here, allowed: null, agrees: reported === here };
}

/** Two numbers that may be apart. */
export function within(
  what: string,
  network: number | null,
  reported: number,
  here: number,
  allowed: number,
): Comparison {
  return { what, network, reported, here, allowed, agrees: Math.abs(reported - here) <= allowed };
}

/** What may be other where the bits are the same: times, and what things are called here. */
const OTHERWISE = /^dataset\.name$|^model\.file$|\.seconds$/;

/** Places that an older version's report lacks, with a star for the numbers of networks and epochs: "models.*.sha256". */
export type Missing = Set<string>;

/**
 * Of two parsed JSON values the first place where they are not the same.
 *
 * @param missing takes the fields that the report lacks, and they are no difference; without it they are one
 */
export function structures(what: string, one: unknown, other: unknown, missing?: Missing): Comparison {
  const difference = firstDifference(one, other, what, missing);
  if (!difference) return exact(what, null, null, null);
  return exact(difference.path, null, difference.reported, difference.here);
}

function firstDifference(
  reported: unknown,
  here: unknown,
  path: string,
  missing: Missing | undefined,
): { path: string; reported: string; here: string } | undefined {
  if (reported === here) return undefined;
  if (reported === undefined && missing && !/\.\d+$/.test(path)) {
    missing.add(path.replace(/\.\d+\./g, '.*.'));
    return undefined;
  }
  if (isStructure(reported) && isStructure(here) && Array.isArray(reported) === Array.isArray(here)) {
    const names = new Set([...Object.keys(reported), ...Object.keys(here)]);
    for (const name of names) {
      const at = `${path}.${name}`;
      const difference = OTHERWISE.test(at)
        ? undefined
        : firstDifference(fieldOf(reported, name), fieldOf(here, name), at, missing);
      if (difference) return difference;
    }
    return undefined;
  }
  return { path, reported: inWords(reported), here: inWords(here) };
}

function isStructure(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function fieldOf(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? fieldsOf(value)[name] : undefined;
}

function inWords(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}
