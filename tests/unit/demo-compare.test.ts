import { describe, expect, test } from 'vitest';
import { comparedIn, comparison } from '../../demo/compare.ts';
import { defaults, type Texts } from '../../demo/configuration.ts';
import { type Shown, unknown } from '../../demo/shown.ts';
import { initialState, type KeptRun, type State } from '../../demo/state.ts';
import { update } from '../../demo/update.ts';
import type { RunReport } from '../../src/report/run-report.ts';

const record = { epoch: 1, loss: 1, accuracy: 0.5, valLoss: null, valAccuracy: null, seconds: 1 };

function shownWith(accuracy: number, epochs: number): Shown {
  const report = { test: { accuracy, loss: 1 - accuracy, count: 100 }, ensemble: null, summary: null };
  return {
    ...unknown({ kind: 'trained', at: new Date(0) }, epochs, 1),
    networks: [{ history: Array.from({ length: epochs }, () => record), diverged: false }],
    report: report as unknown as RunReport,
  };
}

function run(id: string, changes: Partial<Texts>, accuracy = 0.9, epochs = 3): KeptRun {
  const texts = { ...defaults, ...changes };
  const shown = { ...shownWith(accuracy, epochs), texts };
  return { version: 5, id, at: new Date(0), texts, shown, stopped: false };
}

const slow = run('slow', { lr: '0.001' }, 0.8);
const fast = run('fast', { lr: '0.01', hidden: '' }, 0.9, 5);
const found: State = { ...initialState(defaults, 'https://host.test/'), kept: [slow, fast] };
const choose = (state: State, id: string, on = true): State => update(state, { kind: 'compare', id, on })[0];

describe('runs that are compared', () => {
  test('are those that are chosen, as long as they are', () => {
    const one = choose(found, 'fast');
    expect(comparedIn(one)).toEqual([fast]);
    const both = choose(one, 'slow');
    expect(comparedIn(both)).toEqual([slow, fast]);
    expect(comparedIn(choose(both, 'fast', false))).toEqual([slow]);
    expect(comparedIn(choose(found, 'fast', false))).toEqual([]);
  });

  test('stand behind the one that is shown, which is there once', () => {
    const state = { ...choose(choose(found, 'slow'), 'fast'), shown: slow.shown };
    expect(comparedIn(state).map(({ shown }) => shown)).toEqual([slow.shown, fast.shown]);
    const other = run('other', { seed: '2' });
    expect(comparedIn({ ...state, shown: other.shown }).map(({ shown }) => shown)).toEqual([
      other.shown,
      slow.shown,
      fast.shown,
    ]);
  });

  test('are gone with the run that is kept no longer', () => {
    expect(comparedIn({ ...choose(found, 'fast'), kept: [slow] })).toEqual([]);
  });
});

describe('a comparison', () => {
  test('has the settings that differ of each run, and what came of them', () => {
    const none = unknown({ kind: 'shipped' }, 10, 1);
    expect(comparison([slow, fast], none)).toMatchObject([
      { letter: 'A', differing: 'hidden layers 100, learning rate 0.001', epochs: 3, accuracy: 0.8 },
      { letter: 'B', differing: 'hidden layers none, learning rate 0.01', epochs: 5, accuracy: 0.9 },
    ]);
    expect(comparison([slow], none)[0]?.loss).toBeCloseTo(0.2);
  });

  test('gives letters to others than the run that is shown', () => {
    const letters = comparison([slow, fast, run('again', {})], slow.shown).map(({ letter }) => letter);
    expect(letters).toEqual([undefined, 'A', 'B']);
  });

  test('says where nothing differs', () => {
    const runs = comparison([slow, run('more', { epochs: '20' })], slow.shown);
    expect(runs.map(({ differing }) => differing)).toEqual(['the same settings', 'the same settings']);
  });

  test('leaves out what means nothing to a run', () => {
    const runs = [
      run('mnist', { train: '500', decay: '0.1' }),
      run('drawn', { data: 'synthetic', train: '500' }),
    ];
    expect(comparison(runs, slow.shown).map(({ differing }) => differing)).toEqual([
      'data mnist',
      'data synthetic, training images 500, test images 2000',
    ]);
  });
});
