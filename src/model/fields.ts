import { fieldsOf } from '../json.ts';
import { quote } from './safetensors.ts';

/** A value in a file is not what belongs there: whoever reads the file says of it which file that is. */
export class FieldError extends Error {}

/**
 * Takes a parsed JSON value from an untrusted file and returns it with its expected type.
 * @param path the value's place in the file, for the message
 * @throws FieldError if it is something else
 */
export type Reader<T> = (value: unknown, path: string) => T;

/** An object with these fields; any others are left out. */
/* @__NO_SIDE_EFFECTS__ */
export function object<T extends object>(fields: { [K in keyof T]-?: Reader<T[K]> }): Reader<T> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null) throw misfit(value, path, 'an object');
    const found = fieldsOf(value);
    const entries = Object.entries<Reader<unknown>>(fields).map(([name, read]) => [
      name,
      read(Object.hasOwn(found, name) ? found[name] : undefined, `${path}.${name}`),
    ]);
    return Object.fromEntries(entries) as T;
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function list<T>(read: Reader<T>, least = 0): Reader<T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < least) {
      throw misfit(value, path, least === 0 ? 'a list' : `a list of ${least} or more`);
    }
    return value.map((item, i) => read(item, `${path}[${i}]`));
  };
}

/** An object with the fields of both. */
/* @__NO_SIDE_EFFECTS__ */
export function joined<A extends object, B extends object>(one: Reader<A>, other: Reader<B>): Reader<A & B> {
  return (value, path) => ({ ...one(value, path), ...other(value, path) });
}

/** What files of older versions lack. */
/* @__NO_SIDE_EFFECTS__ */
export function absent<T>(read: Reader<T>, otherwise: T): Reader<T> {
  return (value, path) => (value === undefined ? otherwise : read(value, path));
}

/* @__NO_SIDE_EFFECTS__ */
export function nullable<T>(read: Reader<T>): Reader<T | null> {
  return (value, path) => (value === null ? null : read(value, path));
}

/** A finite number; -0 as {@link numberForJson} writes it. */
/* @__NO_SIDE_EFFECTS__ */
export function number(least = -Number.MAX_VALUE, most = Number.MAX_VALUE): Reader<number> {
  return (value, path) => {
    const found = value === '-0' ? -0 : value;
    if (typeof found === 'number' && found >= least && found <= most) return found;
    throw misfit(value, path, `a number from ${least} to ${most}`);
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function whole(least: number): Reader<number> {
  const read = number(least, Number.MAX_SAFE_INTEGER);
  return (value, path) => {
    const found = read(value, path);
    if (Number.isInteger(found)) return found;
    throw misfit(value, path, 'a whole number');
  };
}

export function text(pattern = /^/): Reader<string> {
  return (value, path) => {
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw misfit(value, path, 'the text that belongs there');
  };
}

export const boolean: Reader<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw misfit(value, path, 'true or false');
};

/* @__NO_SIDE_EFFECTS__ */
export function oneOf<const T extends string>(words: readonly T[]): Reader<T> {
  return (value, path) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw misfit(value, path, `one of ${words.join(', ')}`);
  };
}

/** For `JSON.stringify`, which would turn -0 into 0. */
export function numberForJson(_: string, value: unknown): unknown {
  return Object.is(value, -0) ? '-0' : value;
}

function misfit(value: unknown, path: string, wanted: string): FieldError {
  return new FieldError(`${path} is ${described(value)}, and not ${wanted}`);
}

function described(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
