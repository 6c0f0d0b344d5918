import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { exitCode, HotmodError, messageOf } from '../errors.js';
import { didYouMean } from '../text/nearest.js';
import { type FoundFolder, hasSource, matchFolders } from './discover.js';
import { type ModuleFile, moduleFileSchema } from './module-schema.js';
import { moduleParseCodes, parse } from './parse.js';
import { parseJson } from './read-json.js';

export const moduleFileName = 'module.json';

/** A folder that is a module, with what its module.json says (nothing where there is none). */
export interface DiscoveredModule extends FoundFolder {
  readonly file: ModuleFile;
}

export interface Discovery {
  readonly patterns: readonly string[];
  readonly modules: readonly DiscoveredModule[];
}

/** Where no config names patterns: the folders of `modules/`, or, without that folder, the project as one module. */
const defaultPattern = 'modules/*';
const wholeProject = '.';

/**
 * Finds the modules of a project. A folder that matches is one when it holds a source or names a build command.
 *
 * @throws HotmodError HM104, HM107
 */
export async function discoverModules(root: string, given: readonly string[] | undefined): Promise<Discovery> {
  const patterns = given ?? [await defaultPatternOf(root)];
  const folders = await matchFolders(root, patterns);
  const modules = (await Promise.all(folders.map(asModule))).filter((module) => module !== null);
  refuseTwins(modules);
  return { patterns, modules };
}

/**
 * The modules that were asked for, in the order they were found. What they need comes along: without it their
 * undefined symbols would have no provider.
 *
 * @throws HotmodError HM106
 */
export function selectModules(
  all: readonly DiscoveredModule[],
  only: readonly string[],
  exclude: readonly string[],
): readonly DiscoveredModule[] {
  const byName = new Map(all.map((module) => [module.name, module]));
  for (const name of [...only, ...exclude]) if (!byName.has(name)) throw unknownModule(name, [...byName.keys()]);

  const left = new Set(exclude);
  const wanted = new Set<string>();
  const take = (name: string): void => {
    const module = byName.get(name);
    if (module === undefined || wanted.has(name) || left.has(name)) return;
    wanted.add(name);
    for (const dependency of dependenciesOf(module.file)) if (!dependency.optional) take(dependency.name);
  };
  for (const name of only.length > 0 ? only : byName.keys()) take(name);
  return all.filter((module) => wanted.has(module.name));
}

/** Both spellings of `dependencies` as one list. */
export function dependenciesOf(file: ModuleFile) {
  const given = file.dependencies ?? [];
  if (!Array.isArray(given)) {
    return Object.entries(given).map(([name, version]) => ({ name, version, optional: false }));
  }
  return given.map(({ name, version = '*', optional = false }) => ({ name, version, optional }));
}

export function unknownModule(name: string, known: readonly string[]): HotmodError {
  return new HotmodError('HM106', `There is no module "${name}".${didYouMean(name, known)}`, {
    hint:
      known.length === 0 ? 'The project has no modules; `hotmod init` writes one.' : `Modules: ${known.join(', ')}.`,
    exitCode: exitCode.usage,
  });
}

export function noModules(root: string, patterns: readonly string[]): HotmodError {
  const looked = patterns.map((pattern) => path.join(root, pattern)).join(', ');
  return new HotmodError('HM105', `No module was found; looked at ${looked}.`, {
    hint:
      'A module is a folder with a C, C++ or assembly source, or a module.json with build.command. ' +
      '`hotmod init` writes a first one; `modules.patterns` in hotmod.config names other folders.',
    exitCode: exitCode.usage,
  });
}

async function defaultPatternOf(root: string): Promise<string> {
  const folder = await stat(path.join(root, 'modules')).catch(() => null);
  return folder?.isDirectory() ? defaultPattern : wholeProject;
}

async function asModule(folder: FoundFolder): Promise<DiscoveredModule | null> {
  const file = await readModuleFile(path.join(folder.dir, moduleFileName));
  const isModule = file.build?.command !== undefined || (await hasSource(folder.dir));
  return isModule ? { ...folder, file } : null;
}

async function readModuleFile(file: string): Promise<ModuleFile> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw new HotmodError('HM104', `${file} cannot be read: ${messageOf(error)}`, {
      hint: 'Make the file readable, or remove it: a module needs none.',
      exitCode: exitCode.usage,
    });
  });
  if (text === null) return {};
  const { $schema: _, ...module } = parse(moduleFileSchema, parseJson(text, file, 'HM104'), file, moduleParseCodes);
  return module;
}

/** Gone between listing and reading counts as missing too: folders come and go while `dev` runs. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function refuseTwins(modules: readonly DiscoveredModule[]): void {
  const seen = new Map<string, string>();
  for (const { name, dir } of modules) {
    const other = seen.get(name);
    if (other !== undefined) {
      throw new HotmodError('HM107', `Two modules have the name "${name}": ${other} and ${dir}.`, {
        hint: 'A module has the name of its folder. Rename one of the two folders.',
        exitCode: exitCode.usage,
      });
    }
    seen.set(name, dir);
  }
}
