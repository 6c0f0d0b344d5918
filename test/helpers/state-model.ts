import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readStateModel } from '../../src/state/model.js';
import type { StateModel, StateVariable } from '../../src/state/types.js';
import type { ElfWorkspace } from './elf-workspace.js';

export interface ModelBuild {
  readonly compiler?: string;
  readonly args?: readonly string[];
  /** Flags in place of `-g` for sources of these names. */
  readonly flags?: Readonly<Record<string, readonly string[]>>;
}

const include = new URL('../../modules/include', import.meta.url).pathname;

/** Compiles each source by itself, links them in the order they are given, and reads the library's state. */
export async function buildModel(
  work: ElfWorkspace,
  sources: Readonly<Record<string, string>> | string,
  { compiler = 'clang', args = [], flags = {} }: ModelBuild = {},
): Promise<StateModel> {
  const texts = typeof sources === 'string' ? { [compiler.endsWith('++') ? 'one.cpp' : 'one.c']: sources } : sources;
  const objects: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    await work.run('mkdir', '-p', join(work.path, name, '..'));
    await writeFile(join(work.path, name), text);
    const object = `${name}.o`;
    await work.run(compiler, '-c', '-fPIC', `-I${include}`, ...(flags[name] ?? ['-g']), ...args, '-o', object, name);
    objects.push(object);
  }
  await work.run(compiler, '-shared', ...args, '-o', 'model.so', ...objects);
  return readStateModel(await readFile(join(work.path, 'model.so')), {
    sourceLine: (file, line) => texts[basename(file)]?.split('\n')[line - 1] ?? null,
  });
}

export function pathsOf(model: StateModel): readonly string[] {
  return model.variables.map((one) => one.path).sort();
}

export function variableOf(model: StateModel, path: string): StateVariable {
  const found = model.variables.find((one) => one.path === path);
  if (found === undefined) throw new Error(`no variable ${path} among ${pathsOf(model).join(', ')}`);
  return found;
}

/** Keys without the folder that the sources lie in. */
export function keyOf(model: StateModel, path: string, work: ElfWorkspace): string {
  return variableOf(model, path).key.replace(`${work.path}/`, '');
}
