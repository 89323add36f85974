import { fieldsOf } from '../json.ts';

/** What a parsed JSON value has to be: a kind, one text, a list, one of several shapes, or fields with shapes of their own. */
export type Shape =
  | 'number'
  | 'positive'
  | 'string'
  | 'boolean'
  | 'null'
  | { readonly is: string }
  | { readonly every: Shape }
  | readonly Shape[]
  | { readonly [field: string]: Shape };

/** The first place where a value has not the shape, e.g. "kernels[3].time.median"; undefined where it has it. */
export function at(value: unknown, shape: Shape, place = ''): string | undefined {
  if (typeof shape === 'string') return ofKind(value, shape) ? undefined : place;
  if (isAlternatives(shape)) {
    const places = shape.map((one) => at(value, one, place));
    return places.includes(undefined) ? undefined : places[0];
  }
  if ('is' in shape && typeof shape.is === 'string') return value === shape.is ? undefined : place;
  if ('every' in shape && shape.every) {
    const { every } = shape;
    if (!Array.isArray(value)) return place;
    return value.map((item, i) => at(item, every, `${place}[${i}]`)).find((wrong) => wrong !== undefined);
  }
  const fields = fieldsOf(value);
  return Object.entries(shape)
    .map(([name, own]) => at(fields[name], own, place === '' ? name : `${place}.${name}`))
    .find((wrong) => wrong !== undefined);
}

function isAlternatives(shape: Exclude<Shape, string>): shape is readonly Shape[] {
  return Array.isArray(shape);
}

function ofKind(value: unknown, kind: string): boolean {
  if (kind === 'null') return value === null;
  if (kind === 'positive') return typeof value === 'number' && value > 0;
  return typeof value === kind;
}
