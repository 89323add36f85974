import { describe, expect, test } from 'vitest';
import { summarise } from '../../src/report/population.ts';
import { studentT } from '../../src/report/student-t.ts';
import { bestNetwork } from '../../src/train/best.ts';
import type { EpochRecord, NetworkRecord } from '../../src/train/history.ts';
import { failure } from '../support/failure.ts';
import { epochs, network } from '../support/networks.ts';

describe('the best network', () => {
  /** Where each has a result. */
  const best = (networks: readonly NetworkRecord[]) => bestNetwork(networks, networks);
  const ending = (...records: Partial<EpochRecord>[]) =>
    network({
      history: epochs(records.length).map((record, i) => ({ ...record, ...records[i] })),
      epoch: records.length,
    });

  test('has the least training loss after its last epoch, the first of equals', () => {
    const networks = [0.3, 0.2, 0.25, 0.2].map((loss) => ending({ loss: 0.01 }, { loss }));
    expect(best(networks)).toBe(1);
  });

  test('has the least validation loss where there is any, whatever it has in training', () => {
    const networks = [
      ending({ loss: 0.01, valLoss: 0.5 }),
      ending({ loss: 0.3, valLoss: 0.2 }),
      ending({ loss: 0.02, valLoss: 0.3 }),
    ];
    expect(best(networks)).toBe(1);
  });

  test('is judged by the epoch that it was kept from, not by its best or its last', () => {
    const early = {
      ...ending({ valLoss: 0.9 }, { valLoss: 0.2 }, { valLoss: 0.8 }),
      epoch: 2,
      stopped: true,
    };
    const late = ending({ valLoss: 0.1 }, { valLoss: 0.7 }, { valLoss: 0.3 });
    expect(best([late, early])).toBe(1);
  });

  test('is none that diverged', () => {
    const diverged = { epoch: 3, batch: 7 };
    expect(best([{ ...ending({ loss: 0.1 }), diverged }, ending({ loss: 0.2 })])).toBe(1);
    const error = failure(() => best([network({ diverged }), network({ diverged, history: [] })]));
    expect(error).toMatchObject({ code: 'diverged', message: 'All 2 networks diverged.' });
    expect(failure(() => best([network({ diverged })])).message).toBe('The network diverged.');
  });

  test('is none without a result', () => {
    const networks = [ending({ loss: 0.1 }), ending({ loss: 0.3 }), ending({ loss: 0.2 })];
    expect(bestNetwork(networks, [null, {}, {}])).toBe(2);
    expect(bestNetwork(networks, [null, {}])).toBe(1);
    expect(failure(() => bestNetwork(networks, [null, null, null])).code).toBe('diverged');
  });

  test('is the first before any epoch has come to its end', () => {
    const fresh = network({ history: [], epoch: 0 });
    expect(best([network({ diverged: { epoch: 1, batch: 1 } }), fresh, fresh])).toBe(1);
    expect(best([fresh, network()])).toBe(1);
  });

  test('cannot be chosen of none', () => {
    expect(failure(() => best([])).code).toBe('usage');
  });
});

// scipy 1.17.1: scipy.stats.t.ppf(0.975, degrees)
test.each([
  [1, 12.706204736174694],
  [2, 4.302652729749462],
  [3, 3.1824463052837078],
  [4, 2.7764451051977934],
  [5, 2.5705818356363146],
  [6, 2.4469118511449786],
  [7, 2.364624251592784],
  [8, 2.306004135204166],
  [9, 2.262157162798205],
  [10, 2.228138851986274],
  [11, 2.200985160091639],
  [15, 2.131449545559776],
  [16, 2.1199052992212546],
  [20, 2.085963447265864],
  [23, 2.0686576104190486],
  [29, 2.045229642132703],
  [30, 2.0422724563012378],
  [31, 2.039513446396408],
  [47, 2.0117405137297655],
  [63, 1.998340542520741],
  [99, 1.9842169515864174],
  [100, 1.9839715185235518],
  [127, 1.9788195347028539],
  [255, 1.9693105698498752],
  [500, 1.9647198374673676],
  [999, 1.9623414611334493],
  [1000, 1.9623390808264083],
  [9999, 1.960201263621357],
  [100_000, 1.9599877075346095],
])("95 %% of Student's distribution with %i degrees of freedom lie within %f", (degrees, quantile) => {
  expect(Math.abs(studentT(degrees, 0.95) - quantile)).toBeLessThan(1e-9);
});

describe('a summary', () => {
  // numpy 2: mean and std(ddof=1); scipy 1.17.1: stats.t.interval(0.95, n - 1, loc=mean, scale=stats.sem(values))
  test.each([
    {
      values: [0.9768, 0.9751, 0.9786, 0.9738, 0.977, 0.9765, 0.9759],
      mean: 0.9762428571428572,
      standardDeviation: 0.0015219035699381579,
      interval: [0.9748353310968498, 0.9776503831888645],
    },
    {
      values: [0.1, 0.4],
      mean: 0.25,
      standardDeviation: 0.21213203435596428,
      interval: [-1.655930710426204, 2.1559307104262038],
    },
  ])(
    'of $values.length values is what NumPy and SciPy say',
    ({ values, mean, standardDeviation, interval }) => {
      const summary = summarise(values);
      expect(summary).toMatchObject({
        count: values.length,
        least: Math.min(...values),
        most: Math.max(...values),
      });
      expect(Math.abs(summary.mean - mean)).toBeLessThan(1e-15);
      expect(Math.abs((summary.standardDeviation ?? Number.NaN) - standardDeviation)).toBeLessThan(1e-14);
      interval.forEach((end, i) => {
        expect(Math.abs((summary.interval?.[i] ?? Number.NaN) - end)).toBeLessThan(1e-12);
      });
    },
  );

  test('of equal values is that value, to the last bit, without any spread', () => {
    for (const value of [0.1, 0.9768]) {
      for (const count of [2, 3, 64]) {
        expect(summarise(new Array(count).fill(value))).toEqual({
          count,
          mean: value,
          standardDeviation: 0,
          interval: [value, value],
          least: value,
          most: value,
        });
      }
    }
  });

  test('of one value has no spread', () => {
    expect(summarise([0.5])).toEqual({
      count: 1,
      mean: 0.5,
      standardDeviation: null,
      interval: null,
      least: 0.5,
      most: 0.5,
    });
  });

  test('of nothing, or of what is not finite, is refused', () => {
    for (const values of [[], [0.5, Number.NaN], [Number.POSITIVE_INFINITY]]) {
      expect(failure(() => summarise(values)).code).toBe('usage');
    }
  });
});
