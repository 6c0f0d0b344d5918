import { stat } from 'node:fs/promises';
import type { ResolvedConfig, ResolvedModule } from '../config/resolved.js';
import type { Context } from './context.js';
import { newRecord } from './records.js';

/** What a new configuration changed, as names for people, and which modules are to be brought up to date. */
export interface ConfigEffect {
  readonly changed: readonly string[];
  readonly modules: readonly string[];
}

/**
 * Takes a new configuration over: modules come, go, or get other settings. A module whose sources are all gone keeps
 * running: deleting them may be one step of something longer, such as switching branches. A module that the
 * configuration no longer names is shut down. The caller replaces `context.config` and the builder before this.
 */
export async function applyConfig(
  context: Context,
  before: ResolvedConfig,
  after: ResolvedConfig,
): Promise<ConfigEffect> {
  const changed: string[] = [];
  const modules = new Set<string>();

  if (before.host.rate !== after.host.rate) {
    await context.host.setRate(after.host.rate);
    changed.push('host.rate');
  }
  if (differs(before.host, after.host) && before.host.rate === after.host.rate) changed.push('host');
  if (differs(before.watch, after.watch)) changed.push('watch');
  const rebuildAll = differs([before.build, before.target], [after.build, after.target]);
  if (rebuildAll) changed.push('build');

  for (const settings of after.modules) {
    const record = context.records.get(settings.name);
    if (record === undefined) {
      context.records.set(settings.name, newRecord(settings));
      context.bus.emit({ type: 'module:added', module: settings.name });
      modules.add(settings.name);
      continue;
    }
    const returned = record.orphaned;
    if (returned) context.bus.emit({ type: 'module:added', module: settings.name });
    if (returned || rebuildAll || differs(record.settings, settings)) modules.add(settings.name);
    if (differs(record.settings, settings)) changed.push(`modules.${settings.name}`);
    record.settings = settings;
    record.orphaned = false;
  }

  const names = new Set(after.modules.map((module) => module.name));
  const explicit = differs(before.modulePatterns, after.modulePatterns) || before.file !== after.file;
  for (const [name, record] of context.records) {
    if (names.has(name) || record.orphaned) continue;
    if (!explicit && !(await exists(record.settings))) {
      record.orphaned = true;
      context.bus.emit({ type: 'module:removed', module: name });
      if (record.running !== null) context.bus.emit(folderGone(record.settings));
    } else if (!explicit) {
      // The folder is there and empty: building it says what is missing.
      modules.add(name);
    } else {
      context.records.delete(name);
      await context.host.unload(name);
      context.bus.emit({ type: 'module:removed', module: name });
      changed.push(`modules.${name}`);
    }
  }
  return { changed, modules: [...modules] };
}

function folderGone(settings: ResolvedModule) {
  return {
    type: 'session:problem',
    code: 'HM523',
    message: `The folder of ${settings.name} is gone; its last version goes on running until the folder is back or the session ends.`,
    module: settings.name,
  } as const;
}

async function exists(settings: ResolvedModule): Promise<boolean> {
  return stat(settings.dir).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Settings are plain data, made the same way each time, so their JSON tells whether they are the same. */
function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
