import type { TrainingStep } from '../../src/bench.ts';
import { type AdapterReport, type Dataset, ShadegradError } from '../../src/index.ts';
import { fetchCode } from '../fetch-code.ts';
import type { Reply, Request } from '../protocol.ts';
import { problemOf } from './problems.ts';

const stepsCode = () => fetchCode('Timing', () => import('./steps.ts'));

type Timed = Extract<Request, { kind: 'time-dispatches' }>['training'];

/** What is measured beside. It gives way to a training, a benchmark, and to images and networks that are loaded. */
export interface Aside {
  floor(step: TrainingStep): void;
  time(training: Timed): void;
  /** Ends what is measured now, at once. */
  stop(): void;
}

/**
 * @param images those at hand
 * @param idle resolves once nothing is left to do
 */
export function createAside(
  post: (reply: Reply) => void,
  adapter: () => Promise<AdapterReport>,
  images: () => Dataset | undefined,
  idle: () => Promise<void>,
): Aside {
  let running: AbortController | undefined;

  function start(task: (signal: AbortSignal) => Promise<void>): void {
    running?.abort();
    const controller = new AbortController();
    running = controller;
    void idle().then(() => task(controller.signal));
  }

  async function floor(step: TrainingStep, signal: AbortSignal): Promise<void> {
    try {
      const { measureFloor } = await stepsCode();
      const measured = await measureFloor(step, signal);
      post({ kind: 'floor', floor: measured, failed: false });
    } catch {
      // Nobody asked for it: the page says nothing of a share then.
      post({ kind: 'floor', floor: null, failed: true });
    }
  }

  async function time(training: Timed, signal: AbortSignal): Promise<void> {
    try {
      const data = images();
      if (!data)
        throw new ShadegradError('usage', 'The images of the training are gone.', 'Fetch them again.');
      const { timeDispatches } = await stepsCode();
      const report = await timeDispatches({ ...training, data }, await adapter(), signal);
      post({ kind: 'dispatch-times', report, problem: null });
    } catch (error) {
      post({ kind: 'dispatch-times', report: null, problem: problemOf(error) });
    }
  }

  return {
    floor: (step) => start((signal) => floor(step, signal)),
    time: (training) => start((signal) => time(training, signal)),
    stop: () => running?.abort(),
  };
}
