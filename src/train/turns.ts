import type { Model } from '../model/model.ts';
import { evaluationPlan, Network } from './network.ts';
import { isWithinLimits, roomFor } from './plan.ts';

/**
 * Asks networks of one shape, as many side by side as fit into the device's limits, the others after them.
 *
 * @param count of the samples that `ask` has each network of a turn look at
 * @param ask gives an answer for each network of a turn, in order
 * @returns an answer for each network, in order
 * @throws ShadegradError as {@link Network.create}, and what `ask` throws
 */
export async function askInTurns<T>(
  device: GPUDevice,
  models: readonly Model[],
  count: number,
  ask: (network: Network) => Promise<readonly T[]>,
): Promise<T[]> {
  const fits = (room: number) =>
    models[0] === undefined || isWithinLimits(evaluationPlan(models[0].spec, room, count), device.limits);
  const room = roomFor(models.length, fits);
  const answers: T[] = [];
  for (let first = 0; first < models.length; first += room) {
    const network = await Network.create(device, models.slice(first, first + room));
    try {
      answers.push(...(await ask(network)));
    } finally {
      network.destroy();
    }
  }
  return answers;
}
