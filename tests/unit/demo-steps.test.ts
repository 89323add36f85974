import { describe, expect, test } from 'vitest';
import { defaults } from '../../demo/configuration.ts';
import type { AdapterSummary, DataSummary, TrainedPlan } from '../../demo/protocol.ts';
import { unknown } from '../../demo/shown.ts';
import { initialState, type State } from '../../demo/state.ts';
import { markdownOf, timesText } from '../../demo/step-times.ts';
import { floorWanted, stepSpeed, stepText, timeable } from '../../demo/steps.ts';
import { update } from '../../demo/update.ts';
import type { DispatchesReport } from '../../src/bench/dispatches.ts';
import { ANY_TARGET } from '../../src/gpu/target.ts';
import type { RunReport } from '../../src/report/run-report.ts';
import { ADAM, optimizerOf } from '../../src/train/optimizer.ts';
import { trainingPlan } from '../../src/train/plans/index.ts';
import { floor as small } from '../support/bench.ts';

/** Of copies as large as a small network needs. */
const floor = {
  ...small,
  copies: small.copies.map((copy) => ({ ...copy, rotation: { copies: 1, bytes: 2 ** 20 } })),
};
const spec = { inputs: 784, hidden: [32], classes: 10 };
const adapter: AdapterSummary = {
  vendor: 'a vendor',
  architecture: '',
  description: 'A Card | 9',
  software: false,
  limits: {},
  features: ['timestamp-query'],
} as unknown as AdapterSummary;
const data = { name: 'synthetic', train: 2000, test: 300, counts: [] } as unknown as DataSummary;

/** A page after a training of three epochs, each of 63 steps in half a second. */
function trained(given: { networks?: number; sideBySide?: number; diverged?: boolean } = {}): State {
  const { networks = 1, sideBySide = networks, diverged = false } = given;
  const sizes = { spec, models: sideBySide, batch: 32, samples: 2000, orderLength: 2000 };
  const plan: TrainedPlan = {
    ...trainingPlan('layered', sizes, optimizerOf(ADAM), ANY_TARGET),
    networks: sideBySide,
  };
  const history = [1, 2, 3].map((epoch) => ({ epoch, seconds: 0.5 }));
  const models = Array.from({ length: networks }, (_, i) => ({
    history: diverged && i === 0 ? history.slice(0, 1) : history,
    diverged: null,
  }));
  const report = {
    dataset: { name: 'synthetic', train: 2000, test: 300 },
    adapter,
    config: { batchSize: 32, optimizer: 'adam' },
    history,
    models,
  } as unknown as RunReport;
  const state = initialState({ ...defaults, data: 'synthetic' }, 'https://host.test/');
  const shown = unknown({ kind: 'trained', at: null }, 3, networks);
  return {
    ...state,
    phase: 'done',
    adapter,
    images: { source: { kind: 'synthetic', train: 2000, test: 300 }, kind: 'synthetic', data },
    shown: {
      ...shown,
      plan,
      report,
      summary: { spec } as never,
      progress: { samplesPerEpoch: 2000 } as never,
    },
    machine: { ...state.machine, hasTrained: true, inView: true },
  };
}

const withFloor = (state: State): State => ({ ...state, machine: { ...state.machine, floor } });

describe('the sentence', () => {
  test('has dispatches and steps a second, and the share once the floor is there', () => {
    const state = trained();
    expect(stepText(state)).toBe('Each step was 4 dispatches; 126 steps a second.');
    const share = stepSpeed(withFloor(state))?.share;
    expect(share).toMatchObject({ boundBy: 'memory' });
    expect(stepText(withFloor(state))).toBe(
      `Each step was 4 dispatches; 126 steps a second, ${(100 * (share?.share ?? 0)).toFixed(1)} % of what this machine could do at best; limited by memory.`,
    );
  });

  test('counts a step once, however many networks it trains, and by the network that trained longest', () => {
    const text = 'Each step of 4 networks side by side was 4 dispatches; 126 steps a second.';
    expect(stepText(trained({ networks: 4 }))).toBe(text);
    expect(stepText(trained({ networks: 4, diverged: true }))).toBe(text);
  });

  test('has no share where networks take turns, nor for another machine', () => {
    const turns = withFloor(trained({ networks: 4, sideBySide: 2 }));
    expect(stepText(turns)).toBe(
      'Each step of 2 of the 4 networks side by side was 4 dispatches; 126 steps a second.',
    );
    const elsewhere = { ...withFloor(trained()), adapter: { ...adapter, description: 'Another card' } };
    expect(stepText(elsewhere)).toBe('Each step was 4 dispatches; 126 steps a second.');
  });

  test('does not claim more than the best', () => {
    const state = trained();
    const best = { ...floor, dispatch: { ...floor.dispatch, min: 1e6 } };
    expect(stepText({ ...state, machine: { ...state.machine, floor: best } })).toContain(
      ', as fast as the best that was measured on this machine.',
    );
  });

  test('tells slow steps by their decimals', () => {
    const { shown, ...state } = trained();
    const slowly = (seconds: number) => {
      const models = [{ history: [{ epoch: 1, seconds }] }];
      return stepText({
        ...state,
        shown: { ...shown, report: { ...shown.report, models } as unknown as RunReport },
      });
    };
    expect(slowly(45)).toContain('; 1.4 steps a second.');
    expect(slowly(150)).toContain('; 0.42 steps a second.');
    expect(slowly(63)).toContain('; 1 step a second.');
  });

  test('is only about dispatches while training, and empty without a plan', () => {
    const { shown, ...state } = trained();
    expect(stepText({ ...state, shown: { ...shown, report: undefined } })).toBe('Each step is 4 dispatches.');
    expect(stepText({ ...state, shown: { ...shown, plan: undefined } })).toBe('');
  });
});

describe('the floor is measured', () => {
  test('after a training, in view, while nothing runs, and once', () => {
    const state = trained();
    expect(floorWanted(state)).toEqual({ spec, models: 1, batchSize: 32, optimizer: 'adam', dispatches: 4 });
    const { machine } = state;
    for (const other of [
      { machine: { ...machine, inView: false } },
      { machine: { ...machine, hasTrained: false } },
      { machine: { ...machine, aside: 'dispatches' } },
      { machine: { ...machine, floor } },
      { machine: { ...machine, floor: null } },
      { phase: 'training' },
      { phase: 'loading' },
      { measuring: true },
      { isBroken: true },
    ] satisfies Partial<State>[]) {
      expect(floorWanted({ ...state, ...other }), JSON.stringify(other).slice(0, 60)).toBeUndefined();
    }
  });

  test('when the panel comes into view, again after it gave way, and never where it failed', () => {
    const away = { ...trained(), machine: { ...trained().machine, inView: false } };
    const [asked, commands] = update(away, { kind: 'machine-in-view', on: true });
    expect(asked.machine.aside).toBe('floor');
    expect(commands).toMatchObject([{ kind: 'send', request: { kind: 'floor' } }]);
    const reply = (failed: boolean) =>
      ({ kind: 'reply', reply: { kind: 'floor', floor: null, failed } }) as const;
    const [busy] = update({ ...asked, phase: 'training' }, reply(false));
    expect(busy.machine.aside).toBeUndefined();
    expect(floorWanted({ ...busy, phase: 'done' })).toBeDefined();
    const [failed] = update(asked, reply(true));
    expect(failed.machine).toMatchObject({ aside: undefined, floor: null });
  });
});

const timing = (median: number) => ({
  time: { median, min: median, p95: median, low: null, high: null, samples: 15 },
  clock: 'timestamp-query' as const,
  dispatchesPerPass: 1200,
  ended: 'time' as const,
  warmUpPasses: 1,
});

function withTimes(state: State): State {
  const plan = state.shown.plan as TrainedPlan;
  const report: DispatchesReport = {
    bench: 'dispatches',
    environment: {
      adapter,
      timing: { quantumNanoseconds: 1e5 },
    } as unknown as DispatchesReport['environment'],
    plan: plan.name,
    dispatches: plan.dispatches.map(({ kernel }, i) => ({ kernel, ...timing(100 * (i + 1)) })),
    step: timing(1234),
  };
  return { ...state, machine: { ...state.machine, times: { plan, report } } };
}

describe('dispatches', () => {
  test('can be timed where there are timestamps, the images of the training, and nothing runs', () => {
    const state = trained();
    expect(timeable(state)).toMatchObject({ models: 1, plan: { name: 'layered' } });
    expect(timeable({ ...state, adapter: { ...adapter, features: [] } })).toBeUndefined();
    expect(timeable({ ...state, phase: 'paused' })).toBeUndefined();
    expect(timeable({ ...state, images: undefined })).toBeUndefined();
  });

  test('stop the floor; its end does not end them', () => {
    const asked = { ...trained(), machine: { ...trained().machine, aside: 'floor' as const } };
    const [timing, commands] = update(asked, { kind: 'time-dispatches' });
    expect(commands).toMatchObject([{ kind: 'send', request: { kind: 'time-dispatches' } }]);
    const [still] = update(timing, { kind: 'reply', reply: { kind: 'floor', floor: null, failed: false } });
    expect(still.machine.aside).toBe('dispatches');
  });

  test('say how they were timed, and that they do not add up', () => {
    const state = withTimes(trained());
    const { report } = state.machine.times ?? {};
    expect(report && timesText(report, state)).toMatch(
      /1,200 times .* medians of 15 passes\. Alone they come to 1.00 ms, one after the other to 1.23 ms/,
    );
    expect(report && timesText(report, state)).toContain('In the training a step took 7.94 ms');
  });
});

test('a training that goes on by the same plan keeps its value, and with it what is known of it', () => {
  const { plan, summary } = trained().shown;
  if (!plan || !summary) throw new Error('no plan');
  const device = { limits: {}, features: [], plan: structuredClone(plan) };
  const reply = { kind: 'network', run: 0, network: { ...summary, seeds: [1] }, device } as const;
  expect(update(trained(), { kind: 'reply', reply })[0].shown.plan).toEqual(plan);
  const state = trained();
  expect(update(state, { kind: 'reply', reply })[0].shown.plan).toBe(state.shown.plan);
});

describe('as Markdown', () => {
  test('a table of the dispatches, pipes and underscores escaped, with times once there are any', () => {
    const lines = markdownOf(trained()).split('\n');
    expect(lines[0]).toBe(stepText(trained()));
    expect(lines).toContain('- Adapter: A Card \\| 9 (hardware)');
    expect(lines).toContain('|  | Kernel | Workgroups | Constants | Buffers |');
    expect(lines.filter((line) => line.startsWith('| ') && /^\| \d/.test(line))).toHaveLength(4);
    expect(lines.find((line) => line.includes('dense\\_update'))).toContain('parameters');
    const timed = markdownOf(withTimes(trained())).split('\n');
    expect(timed.find((line) => line.startsWith('| 4 |'))).toMatch(/\| 400 µs \| 40 % \|$/);
    const cells = timed.filter((line) => line.startsWith('|')).map((line) => line.split(/(?<!\\)\|/).length);
    expect(new Set(cells).size).toBe(1);
  });

  test('times of another plan are not told', () => {
    const state = { ...trained(), machine: withTimes(trained()).machine };
    expect(markdownOf(state)).not.toContain('Time');
  });
});
