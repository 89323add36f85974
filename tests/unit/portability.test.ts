import { describe, expect, test } from 'vitest';
import { cellsOf, failuresOf } from '../../tools/portability/summary.mjs';
import { withRows } from '../../tools/portability/table.mjs';

const ORDER = ['first', 'second', 'third'];
const DOCUMENT = 'Before\n\n<!-- begin: npm run portability -->\n<!-- end -->\n\nAfter\n';

describe('the table', () => {
  test('takes rows in the order of the parts, and keeps those of parts that did not run again', () => {
    const once = withRows(DOCUMENT, { third: ['old'], second: ['kept', 'a | b'] }, ORDER);
    const twice = withRows(once, { third: ['new'], first: ['added'] }, ORDER);
    const rows = twice.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.map((row) => row.slice(0, 20))).toEqual([
      '| `first` | added | ',
      '| `second` | kept | ',
      '| `third` | new |  |',
    ]);
    expect(rows[1]).toContain('a \\| b');
    expect(twice).toMatch(/^Before\n\n<!-- begin/);
    expect(twice).toMatch(/<!-- end -->\n\nAfter\n$/);
    expect(withRows(twice, {}, ORDER)).toBe(twice);
  });

  test('is not put into a document without its markers', () => {
    expect(() => withRows('Before', {}, ORDER)).toThrow(/begin: npm run portability/);
  });
});

const EPOCH = { plan: 'unfused', loss: 0.25, testAccuracy: 0.9558 };
const passed = (fullName: string, meta: object) => ({
  fullName,
  status: 'passed',
  failureMessages: [],
  meta,
});
const outcome = (tests: readonly ReturnType<typeof passed>[], page?: typeof EPOCH) => ({
  implementation: 'An engine 1',
  driver: 'A driver 2',
  compiler: 'A compiler 3',
  report: { testResults: [{ name: 'file', message: '', assertionResults: tests }] },
  ...(page ? { page } : {}),
});
const GOOD = [
  passed('steps', { trained: { plan: 'unfused', what: 'deep', losses: [1] } }),
  passed('others', {
    trained: { plan: 'fused', what: 'deep', losses: [1] },
    deviation: { what: 'relu: y', error: 1e-6, share: 0.5 },
  }),
  passed('fewer', { deviation: { what: 'bias: y', error: 1e-3, share: 0.25 } }),
  passed('epoch', { epoch: EPOCH }),
];

describe('a part', () => {
  test('is summarised by what its tests noted', () => {
    expect(failuresOf(outcome(GOOD))).toEqual([]);
    expect(cellsOf(outcome(GOOD))).toEqual([
      'An engine 1',
      'A driver 2',
      'A compiler 3',
      '4 of 4',
      '`unfused`, `fused`',
      '50 % of the tolerance (relu: y, 1.0e-6)',
      '',
      '95.58 %, loss 0.250000 (`unfused`)',
    ]);
  });

  test('is compared with SwiftShader, bit by bit', () => {
    const trained = (plan: string, losses: readonly number[]) =>
      passed(plan, { trained: { plan, what: 'deep', losses } });
    const cell = (...tests: readonly ReturnType<typeof passed>[]) =>
      cellsOf(outcome(tests), outcome([trained('unfused', [1, 2]), trained('fused', [1, 2])]).report)[6];
    expect(cell(trained('unfused', [1, 2]), trained('other', [3]))).toBe('all');
    expect(cell(trained('unfused', [1, 2]), trained('fused', [1, 2.5]))).toBe(
      '`unfused`; others within 3e-1 of the loss',
    );
    expect(cell(trained('unfused', [1, 2.000_001]))).toBe('none; others within 5e-7 of the loss');
  });

  test('has failed where a test has, and says which and how many more', () => {
    const bad = outcome([
      ...GOOD,
      { ...passed('broken', {}), status: 'failed' },
      { ...passed('too', {}), status: 'failed' },
    ]);
    expect(failuresOf(bad)).toEqual(['broken', 'too']);
    expect(cellsOf(bad)[3]).toBe('4 of 6, failed: broken, and 1 more');
  });

  test('has failed where a file could not be run at all, or nothing was trained', () => {
    const report = { testResults: [{ name: 'file', message: 'no adapter', assertionResults: [] }] };
    expect(failuresOf({ ...outcome([]), report })).toEqual([
      'file: no adapter',
      "no plan took PyTorch's 20 steps",
      'no epoch of MNIST was trained',
    ]);
  });

  test("has failed where the page's epoch is another than the library's", () => {
    expect(failuresOf(outcome(GOOD, { ...EPOCH, loss: 0.250_01 }))).toEqual([]);
    for (const loss of [0.2506, Number.NaN]) {
      expect(failuresOf(outcome(GOOD, { ...EPOCH, loss }))).toEqual([
        expect.stringContaining("the page's epoch"),
      ]);
    }
  });
});
