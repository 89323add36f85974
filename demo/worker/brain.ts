import { type Model, predictOnCpu } from '../../src/index.ts';
import type { Reply } from '../protocol.ts';
import { type Answer, answerOf } from './networks.ts';
import { lostProblem } from './problems.ts';

/** The networks that answer for drawings, in training or not, and the device that they live on, if they live on one. */
export interface Brain {
  /** Takes a device in place of the one before; nothing on it can be asked yet. */
  take(run: number, device: GPUDevice): void;
  /** There are networks on the device that was taken last. */
  awake(predict: (image: Uint8Array) => Promise<Answer>): void;
  /** Networks answer from now on that need no device. Gives back the device before. */
  awakeOnCpu(models: readonly Model[]): void;
  close(): void;
  /** Answers for a drawing, or says that it cannot. */
  predict(image: Uint8Array): Promise<void>;
}

/** @param working resolves when nobody works on the device; who does finds out that it is lost, and knows what to do */
export function createBrain(post: (reply: Reply) => void, working: () => Promise<void>): Brain {
  let device: GPUDevice | undefined;
  let ask: ((image: Uint8Array) => Promise<Answer>) | undefined;

  function close(): void {
    const closing = device;
    device = undefined;
    ask = undefined;
    closing?.destroy();
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
    awakeOnCpu(models) {
      close();
      ask = async (image) => answerOf(models.map((model) => predictOnCpu(model, image)));
    },
    close,
    async predict(image) {
      // Where the networks went away, or have other inputs, whoever works on them tells why.
      const answer = await ask?.(image).catch(() => undefined);
      post({ kind: 'prediction', ...(answer ?? { probabilities: new Float32Array(), votes: [] }) });
    },
  };
}
