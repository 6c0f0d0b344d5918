import { cacheUsage, clearCache, pruneEntries } from '../build/cache/contents.js';
import { cacheDir } from '../config/cache-dir.js';
import { environmentOverrides } from '../config/environment.js';
import { loadConfig } from '../config/load.js';
import { defaultCacheLimit } from '../config/resolve.js';
import { exitCode, HotmodError } from '../errors.js';
import { notWritable } from '../files/not-writable.js';
import { lineWriter } from '../report/writer.js';
import type { CommandIo } from './io.js';

export type CacheAction = 'show' | 'clear' | 'prune';

export interface CacheOptions {
  readonly action: CacheAction;
  readonly configFile?: string | undefined;
  readonly json: boolean;
}

/** `hotmod cache [show|clear|prune]`: what is kept for all projects of the user. Works anywhere, also beside sessions. */
export async function cache({ action, configFile, json }: CacheOptions, io: CommandIo): Promise<number> {
  const dir = cacheDir(io.env);
  const limit = (await limitHere(configFile, io)) * 1e6;
  const before = await cacheUsage(dir);
  try {
    if (action === 'clear') await clearCache(dir);
    if (action === 'prune') await pruneEntries(dir, limit);
  } catch (error) {
    throw notWritable(dir, error);
  }
  const usage = action === 'show' ? before : await cacheUsage(dir);
  const freed = before.bytes - usage.bytes;
  const { bytes, entries, counts } = usage;
  const writer = lineWriter(io.stdout);
  if (json) {
    writer.line(JSON.stringify({ dir, bytes, limit, freed, entries, ...counts }));
    return exitCode.ok;
  }
  if (action !== 'show') writer.line(`removed  ${megabytes(freed)}`);
  const { hits, misses } = counts;
  const rate =
    hits + misses === 0 ? '' : ` (${Math.round((100 * hits) / (hits + misses))} % of ${hits + misses} asked for)`;
  writer.line(`place    ${dir}`);
  writer.line(
    `size     ${megabytes(bytes)} of ${limit === 0 ? 'none: it is off here (build.cacheLimit is 0)' : megabytes(limit)}`,
  );
  writer.line(`entries  ${entries.objects} objects of ${entries.units} sources, ${entries.libraries} libraries`);
  writer.line(`hits     ${hits}${rate}, ${counts.stored} stored`);
  return exitCode.ok;
}

/** As the config of this folder has it. A folder without one, or with a broken one, has a cache too. */
async function limitHere(configFile: string | undefined, io: CommandIo): Promise<number> {
  try {
    const config = await loadConfig({ cwd: io.cwd, env: io.env, configFile, requireModules: false });
    return config.build.cacheLimit;
  } catch (error) {
    if (!(error instanceof HotmodError)) throw error;
    io.stderr.write(`The config was left aside: ${error.message}\n`);
    return environmentOverrides(io.env).cacheLimit ?? defaultCacheLimit;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
