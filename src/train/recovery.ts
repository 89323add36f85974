import { ShadegradError } from '../errors.ts';
import type { TrainerState } from './state.ts';

/** How often a lost device is replaced. */
export const MOST_LOSSES = 3;

/** What is passed to work on a device that may be lost. */
export interface Recoverable<Opened> {
  /** What `open` gave: the device, and what belongs to it. */
  readonly opened: Opened;
  /** The state last kept before the device was lost; undefined if none was. */
  readonly state: TrainerState | undefined;
  /** Keeps a state from which the work can continue on another device. */
  readonly keep: (state: TrainerState) => void;
}

/**
 * Does `work` on a device. If the device is lost, e.g. by a reset of the driver, does it again on a new one with the
 * state kept last, {@link MOST_LOSSES} times at most.
 *
 * @param open opens a device; it is not closed here
 * @param onLoss called for each loss after which a new device is opened
 * @throws ShadegradError what `open` and `work` throw
 *
 * @example
 * ```ts
 * import { openDevice, recovering, syntheticDigits, Trainer } from 'shadegrad/node';
 *
 * const data = syntheticDigits({ train: 1024, test: 256 });
 * const accuracy = await recovering(
 *   openDevice,
 *   async ({ opened: { device }, state, keep }) => {
 *     const trainer = await Trainer.create(device, data, state ? { restore: state } : { hidden: [32] });
 *     const epochs = 2 - trainer.epochs;
 *     // None is left if the device was lost during the evaluation.
 *     if (epochs > 0) for await (const _ of trainer.fit({ epochs, onSnapshot: keep }));
 *     const { accuracy } = await trainer.evaluate(data.test);
 *     device.destroy();
 *     return accuracy;
 *   },
 *   (loss, times) => console.error(`GPU lost (${times}): ${loss.message}`),
 * );
 * console.log(accuracy);
 * ```
 */
export async function recovering<Opened, Result>(
  open: () => Promise<Opened>,
  work: (recoverable: Recoverable<Opened>) => Promise<Result>,
  onLoss: (loss: ShadegradError, times: number) => void,
): Promise<Result> {
  let state: TrainerState | undefined;
  const keep = (kept: TrainerState) => {
    state = kept;
  };
  for (let losses = 0; ; ) {
    const opened = await open();
    try {
      return await work({ opened, state, keep });
    } catch (error) {
      if (!(error instanceof ShadegradError) || error.code !== 'device-lost' || losses === MOST_LOSSES)
        throw error;
      losses++;
      onLoss(error, losses);
    }
  }
}
