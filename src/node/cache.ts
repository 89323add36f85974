import { homedir } from 'node:os';
import { join } from 'node:path';

/** Environment variables, by name. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where downloads and unpacked files are kept between runs: `shadegrad` in `$XDG_CACHE_HOME`, else in the platform's
 * own place for caches. It need not exist yet.
 */
export function cacheDirectory(
  environment: Environment = process.env,
  platform: string = process.platform,
): string {
  return join(environment.XDG_CACHE_HOME || platformCaches(environment, platform), 'shadegrad');
}

function platformCaches(environment: Environment, platform: string): string {
  if (platform === 'win32') return environment.LOCALAPPDATA || join(homedir(), 'AppData', 'Local');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  return join(homedir(), '.cache');
}
