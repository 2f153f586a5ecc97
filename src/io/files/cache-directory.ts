import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/**
 * Where downloads are kept unless the user says otherwise: `TSOS_CACHE`, else a folder `tsos` where the operating system
 * keeps what can be had again (`~/Library/Caches`, `%LOCALAPPDATA%`, `$XDG_CACHE_HOME` or `~/.cache`).
 */
export function cacheDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
  home: string = homedir(),
): string {
  if (environment.TSOS_CACHE) return environment.TSOS_CACHE;
  switch (platform) {
    case 'darwin':
      return join(home, 'Library', 'Caches', 'tsos');
    case 'win32':
      return join(environment.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'tsos', 'Cache');
    default:
      return join(environment.XDG_CACHE_HOME || join(home, '.cache'), 'tsos');
  }
}
