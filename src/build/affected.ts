import { basename, dirname, join, sep } from 'node:path';
import type { ResolvedConfig, ResolvedModule } from '../config/resolved.js';
import type { FileHashes } from './hashes.js';
import { isHeader, isIgnoredFolder, isOtherModule, isSource } from './sources.js';

/** What is remembered of a module's last build, good or bad. */
export interface LastBuild {
  readonly ok: boolean;
  readonly inputs: ReadonlyMap<string, string>;
  /** Inputs of each source alone; empty for a module with a build command. */
  readonly bySource: ReadonlyMap<string, readonly string[]>;
  /** Places on the include path where no file stood; one that appears there is included. */
  readonly absent: ReadonlySet<string>;
  /** File names of headers that were asked for and not found. */
  readonly wanted: ReadonlySet<string>;
  /** Files that the module's own command wrote. */
  readonly products: ReadonlySet<string>;
  readonly library: string;
}

/** Whether a change of `path` can change the module's next build. `last` is undefined before the first one. */
export function isAffected(
  module: ResolvedModule,
  path: string,
  last: LastBuild | undefined,
  config: ResolvedConfig,
  hashes: FileHashes,
): boolean {
  if (path === join(module.dir, 'module.json')) return true;
  const own = belongsTo(module, path, config);
  if (module.build.command !== null) return own && changedForCommand(module, path, last, hashes);
  if (own && isSource(path)) return true;
  if (last === undefined) return own && isHeader(path);
  if (last.inputs.has(path) || last.absent.has(path) || last.wanted.has(basename(path))) return true;
  if (last.ok || !(isSource(path) || isHeader(path))) return false;
  // After a failure anything near may be the mend, but not the edit of some other module.
  return own || !config.modules.some((other) => belongsTo(other, path, config));
}

/** What a command reads is not known, so that every file of the folder counts but what the command wrote itself. */
function changedForCommand(
  module: ResolvedModule,
  path: string,
  last: LastBuild | undefined,
  hashes: FileHashes,
): boolean {
  if (path === module.build.output) return false;
  const then = last?.inputs.get(path);
  if (then !== undefined) return hashes.of(path)?.hash !== then;
  return !last?.products.has(path);
}

/** Inside the module's folder, and in no ignored folder and no other module's folder below it. */
function belongsTo(module: ResolvedModule, path: string, config: ResolvedConfig): boolean {
  if (!path.startsWith(module.dir + sep) || basename(path).startsWith('.')) return false;
  for (let dir = dirname(path); dir !== module.dir && dir.length > module.dir.length; dir = dirname(dir)) {
    if (isOtherModule(dir, module, config) || isIgnoredFolder(dir, config)) return false;
  }
  return true;
}

/** File names of headers that a compiler's messages say it did not find. */
export function wantedHeaders(messages: readonly string[]): ReadonlySet<string> {
  const found = messages.map(
    (message) => /^'?([^']+?)'?(?: file not found|: No such file or directory)/.exec(message)?.[1],
  );
  return new Set(found.filter((name) => name !== undefined).map((name) => basename(name)));
}
