import { describe, expect, test } from 'vitest';
import { defaults, type Texts } from '../../demo/configuration.ts';
import { leftOut, partsQuery } from '../../demo/parts.ts';
import { linkTo, missingIn } from '../../demo/share.ts';
import { type Shown, unknown } from '../../demo/shown.ts';

const fields: Texts = { ...defaults, seed: '5' };
const page = 'https://host.test/folder/?seed=5&embed#machine';
const trained = (texts: Texts, rest: Partial<Shown> = {}): Shown => ({
  ...unknown({ kind: 'trained', at: null }, 10, 1),
  texts,
  ...rest,
});

describe('the link to a run', () => {
  test('has the settings of what ran, and of the fields where nothing did', () => {
    const link = new URL(linkTo({ shown: trained({ ...defaults, seed: '7' }), fields }, page));
    expect(link.href.split('?')[0]).toBe('https://host.test/folder/');
    expect(link.hash).toBe('');
    expect(link.searchParams.get('seed')).toBe('7');
    expect(link.searchParams.has('embed')).toBe(false);
    const shipped = unknown({ kind: 'shipped' }, 10, 1);
    expect(new URL(linkTo({ shown: shipped, fields }, page)).searchParams.get('seed')).toBe('5');
  });

  test('says what it does not hold', () => {
    expect(missingIn({ shown: trained(defaults), fields })).toBe('');
    expect(missingIn({ shown: trained({ ...defaults, data: 'files' }), fields })).toMatch(/not your files/);
    const rateChanges = [{ epoch: 2, step: 0, learningRate: 0.1 }] as unknown as Shown['rateChanges'];
    expect(missingIn({ shown: trained(defaults, { rateChanges }), fields })).toMatch(/learning rate/);
  });
});

describe('parts that an address leaves out', () => {
  const asked = (query: string) => leftOut(new URLSearchParams(query));

  test('are those that are named, and with "embed" those that a page around has no need of', () => {
    expect([...asked('seed=1').parts]).toEqual([]);
    expect([...asked('hide=setup,+report').parts]).toEqual(['setup', 'report']);
    expect([...asked('embed&hide=setup').parts]).toEqual([
      'masthead',
      'history',
      'machine',
      'guide',
      'benchmark',
      'setup',
    ]);
    expect(asked('hide=curve,matrix').unknown).toEqual(['curve']);
  });

  test('stay in the address', () => {
    expect(partsQuery(new URLSearchParams('seed=1'))).toBe('');
    expect(partsQuery(new URLSearchParams('embed=&seed=1&hide=report,setup&hide=x'))).toBe(
      '&embed&hide=setup,report',
    );
  });
});
