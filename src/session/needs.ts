import { satisfies } from 'semver';
import type { ResolvedModule } from '../config/resolved.js';
import { didYouMean } from '../text/nearest.js';
import type { ValidationFinding } from '../validate/types.js';
import type { ModuleRecord } from './records.js';

/** HM311 for modules that run although what they declare of others is no longer so: only settings changed, no library. */
export function unmetNeeds(
  records: ReadonlyMap<string, ModuleRecord>,
): readonly { readonly code: string; readonly message: string; readonly module: string }[] {
  const neighbours = neighboursOf(records, { runs: () => true, isNew: () => true });
  return [...records].flatMap(([module, { settings, running }]) => {
    const missing = running === null ? [] : findMissing(settings, neighbours);
    return missing.map(({ code, message }) => ({ code, message: `${module} runs on, but ${message}.`, module }));
  });
}

/** What a module that declares dependencies needs to know of another one. */
export interface Neighbour {
  /** As its module.json states it. */
  readonly version: string;
  /** It runs, or will when what was just built is switched to. */
  readonly runs: boolean;
}

/**
 * Every module of the session, as those that may depend on it see it.
 *
 * @param about whether it will run when what was just built is switched to, and whether that is among what was built.
 */
export function neighboursOf(
  records: ReadonlyMap<string, ModuleRecord>,
  about: { readonly runs: (module: string) => boolean; readonly isNew: (module: string) => boolean },
): ReadonlyMap<string, Neighbour> {
  return new Map(
    [...records].map(([name, { settings, running }]): [string, Neighbour] => {
      // What was turned down is on disk, and does not run.
      const version = about.isNew(name) ? settings.version : (running?.settings.version ?? settings.version);
      return [name, { version, runs: about.runs(name) }];
    }),
  );
}

/**
 * HM311 for each module that is needed and not there in a version of the range that is asked for, HM312 for each that is
 * there and does not run yet. Of what is optional only the version counts, and only while it runs.
 */
export function findMissing(
  module: ResolvedModule,
  neighbours: ReadonlyMap<string, Neighbour>,
): readonly ValidationFinding[] {
  return module.dependencies.flatMap(({ name, version: range, optional }): readonly ValidationFinding[] => {
    const found = neighbours.get(name);
    if (found === undefined) {
      if (optional) return [];
      const message = `it needs the module ${name}, which is not in the project.${didYouMean(name, [...neighbours.keys()])}`;
      return [{ code: 'HM311', message, where: name }];
    }
    const fits = satisfies(found.version, range, { includePrerelease: true });
    if (!fits && (found.runs || !optional)) {
      return [{ code: 'HM311', message: `it needs ${name} ${range}, and ${name} is ${found.version}`, where: name }];
    }
    if (found.runs || optional) return [];
    return [{ code: 'HM312', message: `it needs ${name}, which does not run yet`, where: name }];
  });
}
