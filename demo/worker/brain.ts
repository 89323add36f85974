import { ShadegradError } from '../../src/index.ts';
import type { Reply } from '../protocol.ts';
import type { Answer } from './networks.ts';
import { lostProblem } from './problems.ts';

/** The networks that answer for drawings, in training or not, and the device that they live on. */
export interface Brain {
  /** Takes a device in place of the one before; nothing on it can be asked yet. */
  take(run: number, device: GPUDevice): void;
  /** There are networks on the device that was taken last. */
  awake(predict: (image: Uint8Array) => Promise<Answer>): void;
  close(): void;
  /** Answers for a drawing, or says that it cannot. */
  predict(image: Uint8Array): Promise<void>;
  /** Answers for the drawing that waits until all networks can be asked, if one does. */
  answer(): Promise<void>;
}

/** @param working resolves when nobody works on the device; who does finds out that it is lost, and knows what to do */
export function createBrain(post: (reply: Reply) => void, working: () => Promise<void>): Brain {
  let device: GPUDevice | undefined;
  let ask: ((image: Uint8Array) => Promise<Answer>) | undefined;
  let waiting: Uint8Array | undefined;

  function close(): void {
    const closing = device;
    device = undefined;
    ask = undefined;
    waiting = undefined;
    closing?.destroy();
  }

  async function predict(image: Uint8Array): Promise<void> {
    waiting = undefined;
    const none = { probabilities: new Float32Array(), votes: [] };
    try {
      const answer = (await ask?.(image)) ?? none;
      post({ kind: 'prediction', ...answer, later: false });
    } catch (error) {
      // Networks that take turns on the device can be asked together only between two epochs.
      const later = error instanceof ShadegradError && error.code === 'usage';
      if (later) waiting = image;
      // Else the network went away, or has other inputs; whoever waits for it tells why.
      post({ kind: 'prediction', ...none, later });
    }
  }

  return {
    take(run, taken) {
      close();
      device = taken;
      void taken.lost.then(async ({ message }) => {
        await working();
        if (device !== taken) return;
        close();
        post({ kind: 'problem', run, problem: lostProblem(message) });
      });
    },
    awake(predict) {
      ask = predict;
    },
    close,
    predict,
    async answer() {
      if (waiting) await predict(waiting);
    },
  };
}
