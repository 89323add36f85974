import type { Dataset } from '../data/dataset.ts';
import { ShadegradError } from '../errors.ts';
import { populationLimits, trainerLimits } from '../train/prepare.ts';
import type { SweepFile } from './file.ts';
import { type SweepTask, trainerOptions } from './tasks.ts';

/**
 * The limits that a device needs for all of the tasks, as far as they are beyond WebGPU's defaults: a device that gives less
 * has networks take turns, or is too small for some tasks, which is told when those are trained.
 */
export function sweepLimits(file: SweepFile, tasks: readonly SweepTask[]): Record<string, number> {
  const most: Record<string, number> = {};
  const shapes = new Set<string>();
  for (const task of tasks) {
    const { data, hidden, batchSize, optimizer } = task.networks[0].settings;
    const shape = JSON.stringify([data, hidden, batchSize, optimizer, task.networks.length]);
    if (shapes.has(shape)) continue;
    shapes.add(shape);
    for (const [name, value] of Object.entries(limitsOf(task, file))) {
      most[name] = Math.max(most[name] ?? 0, value);
    }
  }
  return most;
}

function limitsOf(task: SweepTask, file: SweepFile): Record<string, number> {
  const nothing = new Uint8Array();
  const { dataset } = task;
  // They depend on sizes alone: nothing needs to be loaded.
  const data: Dataset = {
    ...dataset,
    train: { images: nothing, labels: nothing, count: dataset.train },
    test: { images: nothing, labels: nothing, count: dataset.test },
  };
  try {
    const options = trainerOptions(file, task);
    return { ...trainerLimits(data, options), ...populationLimits(data, options) };
  } catch (error) {
    // What is wrong with such a task is told when it is trained.
    if (error instanceof ShadegradError) return {};
    throw error;
  }
}
