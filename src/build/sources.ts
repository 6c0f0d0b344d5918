import { existsSync, globSync, readdirSync, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import type { ResolvedConfig, ResolvedModule } from '../config/resolved.js';

export type Language = 'c' | 'c++' | 'objective-c' | 'asm';

/** Languages by file extension. Case counts: `.S` goes through the preprocessor, `.s` does not. */
export const languages: ReadonlyMap<string, Language> = new Map([
  ['.c', 'c'],
  ['.cc', 'c++'],
  ['.cpp', 'c++'],
  ['.cxx', 'c++'],
  ['.m', 'objective-c'],
  ['.s', 'asm'],
  ['.S', 'asm'],
]);

const headerExtensions: ReadonlySet<string> = new Set([
  ...['.h', '.hh', '.hpp', '.hxx', '.H', '.inc', '.inl', '.ipp', '.tpp', '.def'],
]);

export function isSource(path: string): boolean {
  return languages.has(extname(path));
}

export function isHeader(path: string): boolean {
  return headerExtensions.has(extname(path));
}

/** A folder that holds products or other people's code, never sources of a module. */
export function isIgnoredFolder(path: string, config: ResolvedConfig): boolean {
  const name = basename(path);
  return (
    name.startsWith('.') ||
    name === 'node_modules' ||
    path === config.outDir ||
    existsSync(join(path, 'CMakeCache.txt'))
  );
}

/** Names of the modules by their folder, for each configuration: every build asks, and there may be thousands. */
const modulesByDir = new WeakMap<ResolvedConfig, ReadonlyMap<string, readonly string[]>>();

/** Whether a folder is that of another module. */
export function isOtherModule(dir: string, module: ResolvedModule, config: ResolvedConfig): boolean {
  let byDir = modulesByDir.get(config);
  if (byDir === undefined) {
    const groups = Map.groupBy(config.modules, (one) => one.dir);
    byDir = new Map([...groups].map(([path, modules]) => [path, modules.map(({ name }) => name)]));
    modulesByDir.set(config, byDir);
  }
  return byDir.get(dir)?.some((name) => name !== module.name) ?? false;
}

/** Absolute paths of the module's sources in a fixed order; `missing` are those that module.json names in vain. */
export interface FoundSources {
  readonly sources: readonly string[];
  readonly missing: readonly string[];
}

export function findSources(module: ResolvedModule, config: ResolvedConfig): FoundSources {
  if (module.build.sources.length > 0) return namedSources(module);
  const sources = listFiles(module, config).filter(isSource);
  return { sources: sources.sort(), missing: [] };
}

/** Every file of the module, folders of other modules and ignored folders left out. Links to folders are not followed. */
export function listFiles(module: ResolvedModule, config: ResolvedConfig): string[] {
  const files: string[] = [];
  walk(module.dir);
  return files;

  function walk(dir: string): void {
    for (const entry of entriesOf(dir)) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) {
        if (!isOtherModule(path, module, config) && !isIgnoredFolder(path, config)) walk(path);
      } else if (entry.isFile() || (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile())) {
        // Editors' lock and swap files (`.#a.c`, `.a.c.swp`) start with a dot and are no sources.
        if (!entry.name.startsWith('.')) files.push(path);
      }
    }
  }
}

function entriesOf(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    // A folder that is removed while it is being listed has no files.
    return [];
  }
}

function namedSources(module: ResolvedModule): FoundSources {
  const sources = new Set<string>();
  const missing: string[] = [];
  for (const name of module.build.sources) {
    const path = resolve(module.dir, name);
    const found = existsSync(path)
      ? [path]
      : globSync(name, { cwd: module.dir }).map((file) => resolve(module.dir, file));
    if (found.length === 0) missing.push(name);
    for (const file of found.sort()) sources.add(file);
  }
  return { sources: [...sources], missing };
}
