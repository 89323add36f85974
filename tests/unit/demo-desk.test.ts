import { expect, test, vi } from 'vitest';
import type { DataSource, Reply } from '../../demo/protocol.ts';
import { loadData } from '../../demo/worker/data.ts';
import { createDesk } from '../../demo/worker/desk.ts';
import { type Dataset, predictOnCpu, syntheticDigits } from '../../src/index.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { mlp } from '../../src/model/spec.ts';

const model = initialModel(mlp({ inputs: 784, hidden: [8], classes: 10 }), 1);
const mnist = (seed: number): Dataset => ({
  ...syntheticDigits({ train: 10, test: 60, seed }),
  name: 'mnist',
});

vi.mock('../../demo/pretrained.ts', () => ({
  fetchPretrained: () =>
    Promise.resolve({
      file: { models: [model], image: null, traits: null, classNames: null },
      bytes: new Uint8Array(),
      report: { dataset: { name: 'mnist' } },
    }),
}));
vi.mock('../../demo/worker/data.ts', () => ({ loadData: vi.fn(), summary: () => ({}) }));
vi.mock('../../demo/worker/device.ts', () => ({ describeAdapter: () => Promise.resolve({}) }));
vi.mock('../../demo/worker/versions.ts', () => ({ pageVersions: {} }));

test('a cell of images that came while those before them were asked about is answered all the same', async () => {
  // Each look at the clock is a slice of time later, so that asking 60 images takes three of them.
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 20;
    return now;
  });
  try {
    const told: Reply[] = [];
    const waiting = new Map<Reply['kind'], () => void>();
    const handle = createDesk((reply) => {
      told.push(reply);
      waiting.get(reply.kind)?.();
    });
    const next = (kind: Reply['kind']) =>
      new Promise<void>((resolve) => {
        waiting.set(kind, resolve);
      });
    const source: DataSource = { kind: 'mnist', folder: '' };
    const [first, second] = [mnist(1), mnist(2)];
    const give = async (id: number, data: Dataset) => {
      vi.mocked(loadData).mockResolvedValueOnce({ data, notice: '' });
      const arrived = next('data');
      handle({ kind: 'data', id, source });
      await arrived;
    };
    const loaded = next('result');
    handle({ kind: 'load-shipped', run: 1 });
    await loaded;
    await give(1, first);
    const { predictions } = predictOnCpu(model, second.test.images);
    const [label = 0] = second.test.labels;
    const [predicted = 0] = predictions;
    handle({ kind: 'cell', label, predicted });
    await give(2, second);
    handle({ kind: 'cell', label, predicted });
    await vi.waitFor(() => expect(told.filter(({ kind }) => kind === 'cell')).toHaveLength(2));
    const total = [...predictions.keys()].filter(
      (i) => second.test.labels[i] === label && predictions[i] === predicted,
    ).length;
    expect(told.filter(({ kind }) => kind === 'cell').at(-1)).toMatchObject({ total });
  } finally {
    clock.mockRestore();
  }
});
