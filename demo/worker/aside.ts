import { benchDispatches, benchStepFloor, dispatchesLimits, type TrainingStep } from '../../src/bench.ts';
import { type AdapterReport, type Dataset, ShadegradError } from '../../src/index.ts';
import type { Reply, Request } from '../protocol.ts';
import { onOwnDevice } from './own-device.ts';
import { problemOf } from './problems.ts';
import { pageVersions } from './versions.ts';

/** Short: a visitor waits for none of it, and it is to be over before something else is started. */
const BRIEF = { samples: 7, passMilliseconds: 20 };
/** Passes that hold 100 units of a browser's timestamps, which are of 0.1 ms. */
const TIMING = { samples: 15, passMilliseconds: 30 };

type Timed = Extract<Request, { kind: 'time-dispatches' }>['training'];

/** What is measured beside: it gives way to all that is asked for. */
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
      const measured = await onOwnDevice(signal, {}, (device) =>
        benchStepFloor({ device }, step, { ...BRIEF, signal }),
      );
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
      const info = await adapter();
      const report = await onOwnDevice(signal, dispatchesLimits(training), (device) => {
        const subject = { device, adapter: info, toggles: [], versions: pageVersions };
        return benchDispatches(subject, { ...training, data }, { ...TIMING, signal });
      });
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
