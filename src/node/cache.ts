import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where downloads and unpacked files are kept between runs: `shadegrad` in `$XDG_CACHE_HOME`, else in the platform's
 * own place for caches. It need not exist yet. As the XDG Base Directory Specification demands, a path that is not
 * absolute is ignored: it would name another cache in every working folder.
 */
export function cacheDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
): string {
  const { XDG_CACHE_HOME: caches = '' } = environment;
  return join(isAbsolute(caches) ? caches : platformCaches(environment, platform), 'shadegrad');
}

function platformCaches(environment: Readonly<Record<string, string | undefined>>, platform: string): string {
  // An empty HOME would make the path relative.
  const home = homedir() || userInfo().homedir;
  if (platform === 'win32') return environment.LOCALAPPDATA || join(home, 'AppData', 'Local');
  if (platform === 'darwin') return join(home, 'Library', 'Caches');
  return join(home, '.cache');
}
