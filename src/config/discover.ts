import { glob, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** A folder that matched a pattern, before anybody asked whether it is a module. */
export interface FoundFolder {
  readonly name: string;
  readonly dir: string;
}

const sourceExtensions = new Set(['.c', '.cc', '.cpp', '.cxx', '.m', '.s', '.S']);

/** Never looked into: packages, build output of the usual tools, our own output. Dot folders come on top. */
const skippedFolders = new Set(['node_modules', 'build', 'dist', 'out', 'target', 'CMakeFiles']);

/** The folders that the patterns match, each once, in the order of their names. */
export async function matchFolders(root: string, patterns: readonly string[]): Promise<readonly FoundFolder[]> {
  const dirs = new Set<string>();
  for (const pattern of patterns) {
    for await (const match of matches(root, pattern)) {
      const dir = path.resolve(root, match);
      if ((await stat(dir).catch(() => null))?.isDirectory()) dirs.add(dir);
    }
  }
  return [...dirs]
    .map((dir) => ({ name: path.basename(dir) === '' ? 'module' : path.basename(dir), dir }))
    .filter((folder) => folder.dir === root || !neverAModule(folder.name))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.dir < b.dir ? -1 : 1));
}

/** Whether a source of any language lies in the folder or below it. Stops at the first. */
export async function hasSource(dir: string): Promise<boolean> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  if (entries.some((entry) => !entry.isDirectory() && isSource(entry.name))) return true;
  for (const entry of entries) {
    if (entry.isDirectory() && !skipped(entry.name) && (await hasSource(path.join(dir, entry.name)))) return true;
  }
  return false;
}

function isSource(name: string): boolean {
  return !name.startsWith('.') && sourceExtensions.has(path.extname(name));
}

/** Whether a folder of this name (last part of a path) is one that holds no sources of the user's. */
function skipped(name: string): boolean {
  const last = path.basename(name);
  return (last.startsWith('.') && last !== '.' && last !== '..') || skippedFolders.has(last);
}

/** A pattern without a wildcard is a path; in particular `.`, which no glob matches. */
async function* matches(root: string, pattern: string): AsyncGenerator<string> {
  if (/[*?[\]{}!()]/.test(pattern)) yield* glob(pattern, { cwd: root, exclude: neverAModule });
  else yield pattern;
}

function neverAModule(name: string): boolean {
  const last = path.basename(name);
  return last === 'node_modules' || (last.startsWith('.') && last !== '.' && last !== '..');
}
