import { expect, test } from 'vitest';
import type { Reply } from '../../demo/protocol.ts';
import { createEpochs } from '../../demo/worker/epochs.ts';
import { createGate, type Gate } from '../../demo/worker/gate.ts';
import { toldBy, train } from '../../demo/worker/training.ts';
import { modelNotes, Trainer, type TrainerOptions } from '../../src/index.ts';
import { blobs } from '../support/blobs.ts';
import { testDevice } from '../support/gpu.ts';

/** Ten batches to an epoch. */
const data = blobs({ train: 80 });
const SETTINGS: TrainerOptions = { hidden: [4], batchSize: 8, learningRate: 0.02, plan: 'layered-quads' };
const EPOCHS = 3;

/** Trains as the page's worker does. */
async function pageTraining(onReply: (reply: Reply, gate: Gate, controller: AbortController) => void) {
  const gate = createGate();
  const controller = new AbortController();
  const replies: Reply[] = [];
  const post = (reply: Reply) => {
    replies.push(reply);
    onReply(reply, gate, controller);
  };
  const trainer = await Trainer.create(await testDevice(), data, SETTINGS);
  const { evaluation, stopped } = await train(trainer, () => undefined, {
    run: 1,
    data,
    notes: modelNotes(data),
    epochs: EPOCHS,
    signal: controller.signal,
    gate,
    kept: createEpochs(post, () => undefined),
    post,
    onVerdict: () => undefined,
    told: toldBy(null),
  });
  const model = await trainer.model();
  trainer.destroy();
  return { replies, evaluation, model, stopped };
}

const kindsOf = (replies: readonly Reply[]) => replies.map(({ kind }) => kind);

test('step by step, in slow motion and at full speed a training on the page has the same bits', async () => {
  const full = await pageTraining(() => undefined);
  expect(kindsOf(full.replies)).not.toContain('paused');

  // Closed from the first batch of the second epoch to the fourth step.
  let paused = 0;
  const steps = await pageTraining((reply, gate) => {
    if (reply.kind === 'epoch' && reply.epoch === 1) gate.close();
    if (reply.kind !== 'paused') return;
    paused += 1;
    // After this turn, as a request of the page's would come.
    setTimeout(() => (paused === 15 ? gate.open() : gate.step()));
  });
  expect(steps.model).toEqual(full.model);
  expect(steps.evaluation).toEqual(full.evaluation);
  const kinds = kindsOf(steps.replies);
  expect(kinds.filter((kind) => kind === 'paused').length).toBe(15);
  // Before the second epoch, after each of its batches but the last one, which the epoch is told after, and so on.
  const first = kinds.indexOf('paused');
  const told = steps.replies
    .slice(first)
    .filter(({ kind }) => kind === 'paused' || kind === 'progress' || kind === 'epoch');
  const batch = ['progress', 'paused'];
  expect(kindsOf(told).slice(0, 2 * 9 + 1 + 3)).toEqual([
    'paused',
    ...Array.from({ length: 9 }, () => batch).flat(),
    ...['progress', 'epoch', 'paused'],
  ]);
  const samples = told.flatMap((reply) => (reply.kind === 'progress' ? reply.progress.samples : []));
  expect(samples.slice(0, 10)).toEqual([8, 16, 24, 32, 40, 48, 56, 64, 72, 80]);
  // Each batch is a point of the curves.
  const points = told.flatMap((reply) => (reply.kind === 'progress' ? (reply.point?.epoch ?? null) : []));
  expect(points.slice(0, 3)).toEqual([1.1, 1.2, 1.3]);

  const slow = await pageTraining((reply, gate) => {
    if (reply.kind !== 'epoch') return;
    gate.slow(reply.epoch === 2);
  });
  expect(slow.model).toEqual(full.model);
  expect(kindsOf(slow.replies)).not.toContain('paused');
  const progress = slow.replies.filter(({ kind }) => kind === 'progress');
  expect(progress.length).toBeGreaterThanOrEqual(10 + 2);
});

test('a paused training is stopped where it is, and its epochs stay', async () => {
  const { replies, stopped } = await pageTraining((reply, gate, controller) => {
    if (reply.kind === 'epoch' && reply.epoch === 2) gate.close();
    if (reply.kind !== 'paused') return;
    setTimeout(() => {
      controller.abort();
      gate.open();
    });
  });
  expect(stopped).toBe(true);
  expect(replies.findLast(({ kind }) => kind === 'kept-epochs')).toMatchObject({ epochs: [1, 2] });
});
