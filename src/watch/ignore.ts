import { dirname, join, relative, sep } from 'node:path';
import createIgnore, { type Ignore } from 'ignore';
import { textIn } from '../files/text-in.js';

/** Says whether a path (absolute) is of no interest. Directories that are ignored are not entered. */
export type IgnoreTest = (path: string, isDirectory: boolean) => boolean;

export interface IgnoreRequest {
  readonly root: string;
  /** Everything below is written by hotmod itself. */
  readonly outDir: string;
  /** Folders that are watched; the .gitignore files between root and them, and in them, count. */
  readonly dirs: readonly string[];
  /** More patterns in .gitignore syntax, relative to root. */
  readonly patterns: readonly string[];
}

/** Never source of a module, whatever .gitignore says. */
const always = ['node_modules/', '.hotmod/', '.git/', '.hg/', '.svn/', 'compile_commands.json'];

/**
 * Puts together the project's .gitignore files (gitignore(5): a file's patterns are relative to its own folder and
 * weigh more than those above it) with the configured patterns.
 */
export function createIgnoreTest(request: IgnoreRequest): IgnoreTest {
  const { root, outDir, dirs, patterns } = request;
  const folders = new Set<string>([root]);
  for (const dir of dirs) for (const folder of between(root, dir)) folders.add(folder);

  const layers: { readonly base: string; readonly rules: Ignore }[] = [];
  for (const folder of [...folders].sort((a, b) => a.length - b.length)) {
    const text = textIn(join(folder, '.gitignore'));
    if (text !== '') layers.push({ base: folder, rules: createIgnore().add(text) });
  }
  layers.push({ base: root, rules: createIgnore().add([...always, ...patterns]) });

  return (path, isDirectory) => {
    if (path === outDir || path.startsWith(outDir + sep)) return true;
    let ignored = false;
    for (const { base, rules } of layers) {
      const name = relative(base, path);
      if (name === '' || name.startsWith('..')) continue;
      const result = rules.test(isDirectory ? `${name}/` : name);
      if (result.ignored) ignored = true;
      else if (result.unignored) ignored = false;
    }
    return ignored;
  };
}

/** The folders from root down to dir, both included; none where dir lies outside. */
function between(root: string, dir: string): readonly string[] {
  const name = relative(root, dir);
  if (name.startsWith('..')) return [];
  const folders: string[] = [];
  for (let folder = dir; folder.length >= root.length; folder = dirname(folder)) {
    folders.push(folder);
    if (folder === dirname(folder)) break;
  }
  return folders;
}
