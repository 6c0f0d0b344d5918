import { stat } from 'node:fs/promises';
import { hasSource } from '../config/discover.js';
import type { ResolvedConfig, ResolvedModule } from '../config/resolved.js';
import type { Context } from './context.js';
import { recallPins } from './generations/pins.js';
import { newRecord } from './records.js';
import { recoverySettingsOf } from './recovery/settings.js';

/**
 * Takes the modules and the frame rate of a new configuration over. A module whose sources are all gone keeps running:
 * deleting them may be one step of something longer, such as switching branches. A module that is still there but no
 * longer named is shut down. The caller replaces `context.config`, the builder and the watcher.
 *
 * @returns what changed, as names for people.
 */
export async function applyConfig(
  context: Context,
  before: ResolvedConfig,
  after: ResolvedConfig,
): Promise<readonly string[]> {
  const changed = changedSettings(before, after);
  if (changed.includes('host.rate')) await context.host.setRate(after.host.rate);
  const recovery = recoverySettingsOf(after, context.retryOnce);
  if (differs(recoverySettingsOf(before, context.retryOnce), recovery)) await context.host.setRecovery(recovery);

  for (const settings of after.modules) {
    const record = context.records.get(settings.name);
    if (record === undefined || record.orphaned) context.bus.emit({ type: 'module:added', module: settings.name });
    if (record === undefined) {
      context.records.set(settings.name, newRecord(settings, context.history.highest(settings.name)));
      recallPins(context, [settings.name]);
      continue;
    }
    if (differs(record.settings, settings)) changed.push(`modules.${settings.name}`);
    record.settings = settings;
    record.orphaned = false;
  }

  const named = new Set(after.modules.map((module) => module.name));
  for (const [name, record] of context.records) {
    if (named.has(name) || record.orphaned) continue;
    const left = await whatIsLeft(record.settings);
    // Building a folder without sources says that they are missing, which is all there is to do about it.
    if (left === 'folder') continue;
    const running = left === 'nothing' && record.running !== null;
    context.bus.emit({ type: 'module:removed', module: name, running });
    if (left === 'nothing') {
      record.orphaned = true;
      if (running) context.bus.emit(folderGone(record.settings));
    } else {
      context.records.delete(name);
      await context.host.unload(name);
      changed.push(`modules.${name}`);
    }
  }
  return changed;
}

const hostKeys = [
  'rate',
  'stepped',
  'standby',
  'hangTimeoutMs',
  'probationFrames',
  'restart',
  'frameCopies',
  'frameCopyLimit',
  'env',
] as const;
const reloadKeys = ['defer', 'onConflict'] as const;

function changedSettings(before: ResolvedConfig, after: ResolvedConfig): string[] {
  const host = hostKeys.filter((key) => differs(before.host[key], after.host[key])).map((key) => `host.${key}`);
  const watch = differs(before.watch, after.watch) ? ['watch'] : [];
  const build = differs([before.build, before.target], [after.build, after.target]) ? ['build'] : [];
  const keep = before.keepGenerations === after.keepGenerations ? [] : ['keepGenerations'];
  const reload = reloadKeys
    .filter((key) => differs(before.reload[key], after.reload[key]))
    .map((key) => `reload.${key}`);
  const others = (['recovery', 'timeouts'] as const).filter((key) => differs(before[key], after[key]));
  return [...host, ...watch, ...build, ...reload, ...others, ...keep];
}

function folderGone(settings: ResolvedModule) {
  return {
    type: 'session:problem',
    code: 'HM523',
    message: `The folder of ${settings.name} is gone; its last version goes on running until the folder is back or the session ends.`,
    module: settings.name,
  } as const;
}

async function whatIsLeft({ dir, build }: ResolvedModule): Promise<'nothing' | 'folder' | 'sources'> {
  const folder = await stat(dir).catch(() => null);
  if (folder === null || !folder.isDirectory()) return 'nothing';
  return build.command !== null || (await hasSource(dir)) ? 'sources' : 'folder';
}

/** Settings are plain data, made the same way each time, so their JSON tells whether they are the same. */
export function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, withFunctions) !== JSON.stringify(b, withFunctions);
}

/** Reading a config again makes new functions; they are the same as long as their text is. */
function withFunctions(_key: string, value: unknown): unknown {
  return typeof value === 'function' ? String(value) : value;
}
