import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createIdleWork } from '../../src/build/idle-work.js';
import type { PrecompiledProblem } from '../../src/build/pch/precompiled.js';
import type { Builder, BuilderOptions, BuildResult } from '../../src/build/types.js';
import { layoutsOf } from '../../src/layout/layout.js';
import { typeName } from '../../src/layout/type-name.js';
import { readElf } from '../../src/objfile/elf.js';
import { compareState } from '../../src/state/compare.js';
import { readStateModel } from '../../src/state/model.js';
import { type BuildProject, buildProject, type ProjectOptions } from './build-project.js';
import { tempDir } from './temp-dir.js';

/** A project whose precompiled headers are made at once, and used however little they save. */
export interface PchProject extends AsyncDisposable {
  readonly project: BuildProject;
  readonly problems: readonly PrecompiledProblem[];
  /** Writes the files, builds, and waits until everything is made that is to be made. */
  save(files: Readonly<Record<string, string>>): Promise<BuildResult>;
  build(builder?: Builder): Promise<BuildResult>;
  /** Of the tree as it is now, without a precompiled header, a cache or a memory. */
  plainly(): Promise<PlainBuild>;
  /** Sources compiled with a precompiled header in this build. */
  precompiled(build: BuildResult): number;
  again(changes: Partial<BuilderOptions>): Builder;
  /** What is said in the entries of the store of why a precompiled header is not used; empty for one that is. */
  refusals(): readonly string[];
}

export interface PlainBuild extends AsyncDisposable {
  readonly build: BuildResult;
}

export async function pchProject(
  files: Readonly<Record<string, string>>,
  options: ProjectOptions & { readonly worthRatio?: number } = {},
): Promise<PchProject> {
  const stack = new AsyncDisposableStack();
  const project = stack.use(await buildProject(files, { pch: 'auto', ...options }));
  const idle = stack.use(createIdleWork({ restMs: 0 }));
  const problems: PrecompiledProblem[] = [];
  const worthRatio = options.worthRatio ?? Number.POSITIVE_INFINITY;
  const precompiling = { idle, worthMs: 0, worthRatio, onProblem: (one: PrecompiledProblem) => problems.push(one) };
  const again = (changes: Partial<BuilderOptions>): Builder => project.another({ precompiling, ...changes });
  const own = again({});
  const name = project.config.modules[0]?.name ?? 'demo';
  const build = async (builder = own): Promise<BuildResult> => {
    const request = { signal: new AbortController().signal, rebuild: false, onProgress: () => undefined };
    const result = await builder.build(project.module(name), request);
    await idle.done();
    return result;
  };
  return {
    ...{ project, problems, build, again },
    async save(more) {
      await project.write(more);
      return build();
    },
    async plainly() {
      const dir = await tempDir();
      const config = { ...project.config, outDir: dir.path, build: { ...project.config.build, pch: 'off' as const } };
      const result = await build(project.another({ config }));
      return { build: result, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
    },
    precompiled: ({ steps }) => steps.filter((step) => step.precompiled).length,
    refusals() {
      const store = project.path('.hotmod/cache/pch');
      const entries = existsSync(store) ? readdirSync(store).map((key) => join(store, key, 'entry.json')) : [];
      return entries.filter(existsSync).map((path) => JSON.parse(readFileSync(path, 'utf8')).refused);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Of two libraries of one source: in what of them that is loaded, or that is read of their debug information, they differ. */
export function differences(plain: string, precompiled: string): readonly string[] {
  const [one, other] = [read(plain), read(precompiled)];
  const state = compareState(one.model, other.model, { wasName: () => null });
  return [
    ...unequal('section', one.sections, other.sections, true),
    ...unequal('variable', one.variables, other.variables, true),
    ...unequal('function', one.functions, other.functions, true),
    // What a header only names, in `using std::printf;` for example, is described where its text was read.
    ...unequal('type', one.types, other.types, false),
    ...state.changes.map((change) => `${change.kind} ${change.path}`),
  ];
}

function unequal(what: string, one: Read, other: Read, both: boolean): readonly string[] {
  const names = new Set([...(both ? one.keys() : []), ...other.keys()]);
  return [...names].filter((name) => one.get(name) !== other.get(name)).map((name) => `${what} ${name}`);
}

type Read = ReadonlyMap<string, string>;

/** By name: what is loaded, and what the debug information says of it, with the file and line of each. */
function read(library: string) {
  const bytes = readFileSync(library);
  const file = readElf(bytes);
  const model = readStateModel(bytes, { sourceLine: () => null });
  if (model.debug === null) throw new Error(`${library} has no debug information`);
  const loaded = file.sections.filter((one) => one.allocated && !one.name.startsWith('.note.gnu.build-id'));
  // The library's own name is a hash of all its bytes, debug information included.
  const soname = file.dynamic?.soname ?? '';
  const contents = (one: (typeof loaded)[number]): string =>
    Buffer.from(file.sectionData(one)).toString('latin1').replace(soname, 'name of the library');
  const { debug } = model;
  const lines = (address: number): string => JSON.stringify(debug.framesAt(address));
  return {
    model,
    sections: new Map(loaded.map((one) => [one.name, `${one.addr} ${one.size} ${contents(one)}`])),
    variables: new Map(
      [...model.variables, ...model.readOnly].map((one) => [
        one.key,
        `${one.path} ${typeName(one.variable.type)} ${one.address} ${one.size} ${JSON.stringify(one.variable.place)}`,
      ]),
    ),
    functions: new Map(
      [...model.functions].map(([name, one]) => [
        name,
        `${one.address} ${lines(one.address)} ${lines(one.address + 4)}`,
      ]),
    ),
    types: new Map(
      layoutsOf(debug).map((one) => [
        one.name,
        JSON.stringify(one, (key, value) => (key === 'declaration' ? 0 : value)),
      ]),
    ),
  };
}
