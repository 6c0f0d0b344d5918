import { satisfies } from 'semver';
import type { ModuleDependency } from '../config/resolved.js';
import type { Finding } from '../events/events.js';
import type { Context } from './context.js';
import type { ModuleRecord } from './records.js';

/**
 * The first module that this one cannot do without and that does not run, or not in a version of the range; null where it may
 * start. What was built beside it may have been refused: what runs counts.
 */
export function missingProvider(context: Context, { settings }: ModuleRecord): ModuleDependency | null {
  const missing = settings.dependencies.find(({ name, version, optional }) => {
    const running = context.records.get(name)?.running ?? null;
    return (
      !optional && (running === null || !satisfies(running.settings.version, version, { includePrerelease: true }))
    );
  });
  return missing ?? null;
}

/** HM312, for a module whose provider was expected to start and did not. */
export function waitsFor({ records }: Context, { name, version }: ModuleDependency): Finding {
  const running = records.get(name)?.running ?? null;
  const message =
    running === null
      ? `It needs ${name}, which does not run; it starts as soon as that does.`
      : `It needs ${name} ${version}, and ${running.settings.version} runs; it starts as soon as a version of that range does.`;
  return { code: 'HM312', message };
}

/** Notes who waits for whom, so that an edit of the one brings the other up with it. */
export function noteWaiting(context: Context, records: readonly ModuleRecord[]): void {
  for (const record of records) {
    const provider = context.records.get(missingProvider(context, record)?.name ?? '');
    if (provider === undefined) continue;
    provider.heldWith = new Set([...provider.heldWith, record.settings.name]);
    record.heldWith = new Set([...record.heldWith, provider.settings.name]);
  }
}

/** These modules and all that were held back with them, or with those. */
export function withHeldBack(context: Context, modules: Iterable<string>): ReadonlySet<string> {
  const all = new Set(modules);
  for (const name of all) for (const other of context.records.get(name)?.heldWith ?? []) all.add(other);
  return all;
}

/** Modules of the list that these cannot do without, directly or through others. */
export function neededBy(records: readonly ModuleRecord[], among: readonly ModuleRecord[]): ReadonlySet<ModuleRecord> {
  const needed = new Set<ModuleRecord>();
  const byName = new Map(among.map((one) => [one.settings.name, one]));
  const open = [...records];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { name, optional } of next.settings.dependencies) {
      const provider = byName.get(name);
      if (optional || provider === undefined || needed.has(provider)) continue;
      needed.add(provider);
      open.push(provider);
    }
  }
  return needed;
}

/** Running modules that can do without one of these but use it where it is there. */
export function optionalUsersOf(context: Context, started: readonly string[]): readonly string[] {
  const fresh = new Set(started);
  return [...context.records.values()]
    .filter(({ running, settings }) => running !== null && !fresh.has(settings.name))
    .filter(({ settings }) => settings.dependencies.some((one) => one.optional && fresh.has(one.name)))
    .map(({ settings }) => settings.name);
}
