import { compare } from 'semver';
import type { VersionConflict } from '../assess/types.js';
import type { ConflictStrategy, ReloadSettings } from '../config/resolved.js';
import { messageOf } from '../errors.js';
import type { ModuleRecord } from './records.js';

/** What the configuration says to a new version with a lower number than the one that runs; null where it has none. */
export function conflictOf({ running, settings }: ModuleRecord, reload: ReloadSettings): VersionConflict | null {
  if (running === null || compare(settings.version, running.settings.version) >= 0) return null;
  const versions = { from: running.settings.version, to: settings.version };
  const { onConflict } = reload;
  if (typeof onConflict === 'string') return { ...versions, strategy: onConflict, by: 'reload.onConflict' };
  const by = 'the function reload.onConflict';
  try {
    const said = onConflict({ kind: 'versionDown', module: settings.name, ...versions });
    const known = strategies.find((strategy) => strategy === said);
    if (known !== undefined) return { ...versions, strategy: known, by };
    return { ...versions, strategy: 'ask', by: `${by}, which gave ${String(said)} in place of a strategy` };
  } catch (error) {
    return { ...versions, strategy: 'ask', by: `${by}, which failed: ${messageOf(error)}` };
  }
}

const strategies: readonly ConflictStrategy[] = ['latest', 'keep', 'ask'];
