import { compare, intersects, satisfies } from 'semver';
import type { Finding } from '../../events/events.js';
import type { LibraryFacts } from '../../validate/types.js';
import { byDependency } from '../by-dependency.js';
import type { ModuleRecord } from '../records.js';
import type { FoundConflict } from './conflict.js';

/** A new version that was built and validated, among those it would run with. */
export interface NewVersion {
  readonly record: ModuleRecord;
  /** As its module.json states it. */
  readonly version: string;
  readonly findings: readonly (Finding & { readonly where: string })[];
  /** Null where its library could not be read. */
  readonly facts: LibraryFacts | null;
  /** All modules of the session. */
  readonly records: ReadonlyMap<string, ModuleRecord>;
  readonly dependants: Dependants;
  /** Those that were built in the same save, and are looked at by themselves. */
  readonly changed: ReadonlySet<string>;
}

/** Modules by those that they declare as dependencies. */
export type Dependants = ReadonlyMap<string, readonly ModuleRecord[]>;

export function dependantsOf(records: ReadonlyMap<string, ModuleRecord>): Dependants {
  return byDependency(records.values(), ({ settings }) => settings.dependencies.map(({ name }) => name));
}

/** A lower number than that of what runs. Going back on purpose is none. */
export function findVersionDown({ record, version }: NewVersion): readonly FoundConflict[] {
  const from = record.running?.settings.version ?? version;
  const { name: module } = record.settings;
  return compare(version, from) >= 0 ? [] : [{ kind: 'versionDown', module, from, to: version }];
}

/** Conflicts that leave no choice, because nothing that was built could be loaded. */
export function findFixed(about: NewVersion): readonly FoundConflict[] {
  return [...ambiguousHere(about), ...ambiguousForOthers(about), ...rangesApart(about)];
}

const nobodyKnows = 'which of the two is meant, nobody can know';

/** It uses a symbol that two modules export which it depends on (HM310). */
function ambiguousHere({ record, findings }: NewVersion): readonly FoundConflict[] {
  const module = record.settings.name;
  return findings
    .filter(({ code }) => code === 'HM310')
    .map(({ message }) => ({ kind: 'duplicateSymbol', module, what: message, because: nobodyKnows }));
}

/** It newly exports a symbol that a running module takes from another one, and that module depends on both. */
function ambiguousForOthers({ record, facts, dependants, changed }: NewVersion): readonly FoundConflict[] {
  const module = record.settings.name;
  const users = (dependants.get(module) ?? []).filter(({ settings }) => !changed.has(settings.name));
  if (users.length === 0) return [];
  const before = new Set(record.running?.file.exports.map(({ name }) => name));
  const fresh = new Set(facts?.exports.map(({ name }) => name).filter((name) => !before.has(name)));
  return users.flatMap(({ settings, running }) =>
    (running?.file.imports ?? [])
      .filter((used) => used.module !== module && fresh.has(used.symbol))
      .map(({ symbol, module: owner }): FoundConflict => {
        const what = `${symbol} is exported by ${owner} and would be by ${module} too, and ${settings.name} depends on both`;
        return { kind: 'duplicateSymbol', module, what, because: nobodyKnows };
      }),
  );
}

/** A range is missed, and it has nothing in common with the range that another module has for the same one. */
function rangesApart(about: NewVersion): readonly FoundConflict[] {
  const { record, version, findings, dependants } = about;
  const module = record.settings.name;
  const missed = new Set(findings.filter(({ code }) => code === 'HM311').map(({ where }) => where));
  const asked = record.settings.dependencies.filter(({ name }) => missed.has(name));
  const here = asked.flatMap((one) => apart(about, one.name, { user: module, range: one.version }));
  const users = (dependants.get(module) ?? []).flatMap(({ settings, running }) =>
    settings.dependencies
      .filter((one) => one.name === module && running !== null && !inRange(version, one.version))
      .map((one) => ({ user: settings.name, range: one.version })),
  );
  return [...here, ...users.flatMap((one) => apart(about, module, one))];
}

interface Asked {
  readonly user: string;
  readonly range: string;
}

function apart({ record, records }: NewVersion, provider: string, missed: Asked): readonly FoundConflict[] {
  const others = [...records.values()].flatMap(({ settings, orphaned }): readonly Asked[] => {
    const range = settings.dependencies.find(({ name }) => name === provider)?.version;
    return range === undefined || orphaned || intersects(range, missed.range, { includePrerelease: true })
      ? []
      : [{ user: settings.name, range }];
  });
  return others.map((other) => ({
    kind: 'rangesCannotMeet',
    module: record.settings.name,
    what: `${missed.user} needs ${provider} ${missed.range} and ${other.user} needs ${provider} ${other.range}`,
    because: 'no version is in both ranges',
  }));
}

function inRange(version: string, range: string): boolean {
  return satisfies(version, range, { includePrerelease: true });
}

/** What may have changed the module's state since a moment, milliseconds since the epoch. */
export function findStateChanged({ settings, touches }: ModuleRecord, since: number): readonly FoundConflict[] {
  const changes = [...new Set(touches.filter(({ at }) => at >= since).map(({ what }) => what))];
  return changes.length === 0 ? [] : [{ kind: 'stateChanged', module: settings.name, changes }];
}
