import { ShadegradError } from '../errors.ts';
import type { TrainerState } from './state.ts';

/** How often a lost device is replaced. */
export const MOST_LOSSES = 3;

/** What work on a device that may be lost is given. */
export interface Recoverable<Opened> {
  readonly opened: Opened;
  /** Kept before the last device was lost; undefined where nothing was. */
  readonly state: TrainerState | undefined;
  /** Keeps what the work can go on from on another device. */
  readonly keep: (state: TrainerState) => void;
}

/**
 * Does `work` on a device, and where that is lost, as by a reset of the driver, again on a new one, with what was kept last:
 * {@link MOST_LOSSES} times at most.
 *
 * @param open a device; it is not closed here
 * @param onLoss told of each loss that is not the last straw
 * @throws ShadegradError what `open` and `work` throw
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
