import { sep } from 'node:path';
import type { FileChange } from '../watch/watcher.js';
import type { Context } from './context.js';

/** What a change of one file asks for. */
export interface Effect {
  /** The configuration, or the set of modules, may be another one now. */
  readonly configuration: boolean;
  readonly modules: readonly string[];
}

/** Finds out what a changed file means: settings, modules that come and go, modules built from it. */
export function effectOf(context: Context, change: FileChange): Effect {
  const { config, builder, records } = context;
  const { path } = change;
  if (config.configFiles.includes(path)) return { configuration: true, modules: [] };

  const present = [...records.values()].filter((record) => !record.orphaned);
  const modules = present
    .filter(({ settings }) => builder.isAffected(settings, path))
    .map(({ settings }) => settings.name);
  const inModule = present.some(({ settings }) => path.startsWith(settings.dir + sep));
  const moduleFolder = [...records.values()].some(({ settings }) => settings.dir === path);
  const configuration = path.endsWith(`${sep}module.json`) || (change.structure && (!inModule || moduleFolder));
  return { configuration, modules };
}
