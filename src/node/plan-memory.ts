import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanMemory, PlanTimes } from '../train/plan-times.ts';
import { cacheDirectory } from './cache.ts';
import { writeWhole } from './files.ts';
import { nodeVersions } from './versions.ts';

/**
 * Keeps the plans' times in `plans.json` in the cache, those of the versions of this package and of Dawn that
 * run. Where that file cannot be read or written, the plans are timed again.
 */
export function planMemory(folder: string = cacheDirectory()): PlanMemory {
  const path = join(folder, 'plans.json');
  const read = async (): Promise<Record<string, PlanTimes>> => {
    try {
      const kept: unknown = JSON.parse(await readFile(path, 'utf8'));
      return Object.fromEntries(Object.entries(kept ?? {}).filter(isEntry));
    } catch {
      return {};
    }
  };
  const keyOf = async (key: string) => {
    const { shadegrad, webgpu } = await nodeVersions();
    return `shadegrad ${shadegrad}, webgpu ${webgpu}; ${key}`;
  };
  return {
    get: async (key) => (await read())[await keyOf(key)],
    set: async (key, times) => {
      const kept = { ...(await read()), [await keyOf(key)]: times };
      await writeWhole(path, `${JSON.stringify(kept, null, 2)}\n`).catch(() => undefined);
    },
  };
}

/** Whether it is an entry of this form: former versions kept names. */
function isEntry(entry: [string, unknown]): entry is [string, PlanTimes] {
  const [, times] = entry;
  return (
    typeof times === 'object' &&
    times !== null &&
    !Array.isArray(times) &&
    Object.values(times).every((time) => time === null || (typeof time === 'number' && time > 0))
  );
}
