import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanMemory } from '../train/choice.ts';
import { cacheDirectory } from './cache.ts';
import { writeWhole } from './files.ts';

/**
 * Keeps the chosen plans in `plans.json` in the cache. Where that file cannot be read or written, the plans are timed
 * again.
 */
export function planMemory(folder: string = cacheDirectory()): PlanMemory {
  const path = join(folder, 'plans.json');
  const read = async (): Promise<Record<string, string>> => {
    try {
      const kept: unknown = JSON.parse(await readFile(path, 'utf8'));
      return Object.fromEntries(
        Object.entries(kept ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
      );
    } catch {
      return {};
    }
  };
  return {
    get: async (key) => (await read())[key],
    set: async (key, plan) => {
      await writeWhole(path, `${JSON.stringify({ ...(await read()), [key]: plan }, null, 2)}\n`).catch(
        () => undefined,
      );
    },
  };
}
