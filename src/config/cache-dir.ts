import os from 'node:os';
import path from 'node:path';
import type { Environment } from './environment.js';

/**
 * The folder for what is kept between projects (the built engine): HOTMOD_CACHE, else the place the system has for
 * caches (XDG base directory specification; ~/Library/Caches on macOS). Absolute; it need not exist.
 */
export function cacheDir(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const given = env.HOTMOD_CACHE ?? '';
  if (given !== '') return path.resolve(given);
  const home = env.HOME !== undefined && env.HOME !== '' ? env.HOME : os.homedir();
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'hotmod');
  const xdg = env.XDG_CACHE_HOME ?? '';
  // The specification says that a relative path there is invalid and to be ignored.
  return path.join(path.isAbsolute(xdg) ? xdg : path.join(home, '.cache'), 'hotmod');
}
