import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { besideLibrary, keepLinkedObjects } from '../../src/session/linked-objects.js';
import { compareState } from '../../src/state/compare.js';
import { readStateModel } from '../../src/state/model.js';
import type { StateModel } from '../../src/state/types.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import {
  type MachineName,
  machOLinker,
  machOMachines,
  machOTarget,
  testWithDsymutil,
} from '../helpers/macho-workspace.js';
import { testWith } from '../helpers/programs.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

const testLinked = testWith(machOLinker);

interface Source {
  readonly name: string;
  readonly text: string;
}

const sourceLine = () => null;

async function compile(target: readonly string[], { name, text }: Source): Promise<string> {
  const object = `${name.replace(/\..*/, '')}.o`;
  const kind = [...target, '-ffreestanding', '-g', '-fstandalone-debug', '-O0', '-fPIC', '-c'];
  await work.build(object, text, { compiler: name.endsWith('.cc') ? 'clang++' : 'clang', source: name, kind });
  return object;
}

async function linkDylib(machine: MachineName, name: string, sources: readonly Source[], more: readonly string[] = []) {
  const objects: string[] = [];
  for (const source of sources) objects.push(await compile(machOTarget(machine), source));
  const words = ['-fuse-ld=lld', '-nostdlib', '-dynamiclib', '-Wl,-undefined,dynamic_lookup', ...more];
  await work.run('clang', ...machOTarget(machine), ...words, ...objects, '-o', name);
  return join(work.path, name);
}

function modelOf(library: string): StateModel {
  return readStateModel(readFileSync(library), { sourceLine, beside: besideLibrary(library) });
}

async function elfModel(name: string, sources: readonly Source[]): Promise<StateModel> {
  const objects: string[] = [];
  for (const source of sources) objects.push(await compile([], source));
  await work.run('clang', '-shared', '-fuse-ld=lld', '-nostdlib', '-Wl,-Bsymbolic', ...objects, '-o', name);
  return readStateModel(readFileSync(join(work.path, name)), { sourceLine });
}

/** Everything of a model that does not depend on where a linker puts things. */
function looks(model: StateModel) {
  const { debug, problem, variables, readOnly, untyped, threadLocals, exported, functions, vtables, destructors } =
    model;
  const storage = variables.map(({ path, key, size, initialised, guard }) => ({
    path,
    key,
    size,
    initialised,
    guarded: guard !== null,
  }));
  const targets = variables.map((one) => [one.path, model.initialTarget(one.address)?.replace(/^something$/, '')]);
  return {
    problem,
    storage: storage.sort((a, b) => (a.path < b.path ? -1 : 1)),
    readOnly: readOnly.map(({ path }) => path).sort(),
    untyped: untyped.map(({ name, size }) => [name, size]),
    threadLocals: [...threadLocals].sort(),
    exported: [...exported.keys()].sort(),
    functions: [...functions.keys()].sort(),
    vtables: [...vtables.keys()].sort(),
    destructors,
    targets: targets.sort(),
    types: debug?.types.map((type) => type.name).sort(),
  };
}

function changesOf(before: StateModel, after: StateModel): readonly string[] {
  const { changes } = compareState(before, after, { wasName: () => null, addressed: false });
  return changes.map(({ kind, path }) => `${kind} ${path}`);
}

const header = `
struct opaque;
struct point { int x; double y; char tag; };
struct city { struct point at; struct opaque *hidden; const char *name; int (*grow)(int); unsigned low : 3; unsigned high : 7; };
int grow(int); int count(struct opaque *);
`;
const cSources: readonly Source[] = [
  {
    name: 'main.c',
    text: `${header}
static int calls;
struct city g_city = { { 1, 2.5, 'a' }, 0, "town", grow, 3, 9 };
static const char *words[2] = { "one", "two" };
const int table[3] = { 1, 2, 3 };
int *g_ref = &calls;
char g_tag = 'x'; double g_after = 1;
_Thread_local int t_depth = 2;
const char *word(int i) { words[0] = words[1]; t_depth++; return words[i]; }
int counter_update(double dt) { static long ticks = 3; ticks++; calls++; g_tag++; g_after += dt; return count(g_city.hidden) + grow(*g_ref) + table[(int)ticks % 3]; }
`,
  },
  {
    name: 'other.c',
    text: `${header}
struct opaque { int inside; struct opaque *next; };
static int calls;
static struct opaque pool[4];
int grow(int by) { static long ticks; ticks++; return calls += by; }
int count(struct opaque *of) { int n = 0; for (of = of ? of : pool; of; of = of->next) n += of->inside; return n; }
`,
  },
];

const cxxSources: readonly Source[] = [
  {
    name: 'shapes.cc',
    text: `
namespace shapes {
struct shape { virtual double area() const { return 0; } int id = 1; };
struct square : shape { double side = 2; double area() const override { return side * side; } };
}
extern "C" int make();
static shapes::square s_square;
shapes::shape *g_shape = &s_square;
namespace { int hidden = 3; }
extern "C" double total() { static int first = make(); hidden += first; return g_shape->area() + hidden; }
`,
  },
];

for (const machine of machOMachines)
  describe(`a library for ${machine}`, () => {
    testLinked('has the state, the names and the targets of the same sources in ELF, by its object files', async () => {
      const library = await linkDylib(machine, `c-${machine}.dylib`, cSources);

      const [macho, elf] = [looks(modelOf(library)), looks(await elfModel('c.so', cSources))];

      expect(macho.problem).toBeNull();
      expect(macho).toEqual(elf);
      expect(macho.storage.map(({ path }) => path)).toContain('main.c:calls');
      expect(macho.targets).toContainEqual(['g_ref', expect.stringContaining('calls')]);
    });

    testLinked('the same in C++, with virtual tables and guarded statics', async () => {
      const library = await linkDylib(machine, `cxx-${machine}.dylib`, cxxSources);

      const [macho, elf] = [looks(modelOf(library)), looks(await elfModel('cxx.so', cxxSources))];

      expect(macho.problem).toBeNull();
      expect(macho).toEqual(elf);
      expect(macho.vtables).toContain('_ZTVN6shapes6squareE');
    });

    testLinked('an opaque struct is known by the definition in another object file', async () => {
      const model = modelOf(await linkDylib(machine, `opaque-${machine}.dylib`, cSources));
      const city = model.debug?.recordsNamed('city')[0];
      const hidden = city?.fields.find((field) => field.name === 'hidden')?.type;

      const target = hidden?.kind === 'pointer' ? hidden.target : undefined;
      expect(target).toMatchObject({ kind: 'record', name: 'opaque', complete: true, size: 16 });
    });

    testLinked('a function has its line, by the object that it came from', async () => {
      const model = modelOf(await linkDylib(machine, `lines-${machine}.dylib`, cSources));

      const frames = model.debug?.framesAt((model.functions.get('grow')?.address ?? 0) + 4);
      expect(frames?.[0]).toMatchObject({ function: 'grow', line: 10 });
      expect(frames?.[0]?.file).toMatch(/other\.c$/);
    });

    testLinked('an inserted field is seen, and one whose type did not change is not', async () => {
      const before = modelOf(await linkDylib(machine, `old-${machine}.dylib`, cSources));
      const changed = cSources.map(({ name, text }) => ({
        name,
        text: text.replace('int x; double y;', 'int x; int z; double y;'),
      }));
      const after = modelOf(await linkDylib(machine, `new-${machine}.dylib`, changed));

      const elf = await elfModel('old.so', cSources);
      const elfAfter = await elfModel('new.so', changed);

      expect(changesOf(before, before)).toEqual(changesOf(elf, elf));
      expect(changesOf(before, after)).toEqual(changesOf(elf, elfAfter));
      expect(changesOf(before, after)).toContain('fieldAdded g_city.at.z');
    });

    testLinked('what the linker left out has no address, and nothing else is hurt by that', async () => {
      const sources = [
        ...cSources,
        { name: 'unused.c', text: 'static int never; int unused(void) { static int n; return ++n + never; }' },
      ];
      const library = await linkDylib(machine, `dead-${machine}.dylib`, sources, [
        '-Wl,-dead_strip',
        '-Wl,-exported_symbol,_counter_update',
      ]);

      const model = modelOf(library);

      expect(model.problem).toBeNull();
      expect(model.untyped).toEqual([]);
      const paths = model.variables.map(({ path }) => path);
      expect(paths).toContain('main.c:calls');
      expect(paths.filter((path) => /unused|never/.test(path))).toEqual([]);
    });
  });

testWithDsymutil('the companion that dsymutil makes says the same as the object files', async () => {
  const library = await linkDylib('arm64', 'libpair.dylib', cSources, ['-Wl,-install_name,@rpath/libpair.dylib']);
  const fromObjects = looks(modelOf(library));
  await work.run('dsymutil', 'libpair.dylib');
  const beside = (name: string) => (name.includes('dSYM') ? readFileSync(join(work.path, name)) : null);

  const fromCompanion = looks(readStateModel(readFileSync(library), { sourceLine, beside }));

  // dsymutil gives thread-local variables no address.
  expect(fromCompanion).toEqual(fromObjects);
});

describe('object files kept beside a library', () => {
  testLinked('serve after the build has removed or rewritten its own', async () => {
    const library = await linkDylib('arm64', 'kept.dylib', cSources);
    const before = looks(modelOf(library));
    await keepLinkedObjects(library);
    await rm(join(work.path, 'main.o'));
    await compile(machOTarget('arm64'), { name: 'other.c', text: 'int grow(int by) { return by; }' });

    expect(looks(modelOf(library))).toEqual(before);
  });

  testLinked('without them, missing and rewritten object files refuse, by name', async () => {
    const library = await linkDylib('arm64', 'lost.dylib', cSources);
    await rm(join(work.path, 'other.o'));

    expect(modelOf(library).problem).toEqual({
      problem: 'none',
      message: expect.stringContaining('other.o, which is not there'),
    });
  });
});

test('a Mach-O file that is damaged is a problem of the model, never an error', () => {
  const bytes = new Uint8Array(64);
  new DataView(bytes.buffer).setUint32(0, 0xfeedfacf, true);

  expect(readStateModel(bytes, { sourceLine }).problem).toMatchObject({ problem: 'damaged' });
});
