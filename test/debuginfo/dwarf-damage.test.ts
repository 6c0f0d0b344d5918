import { expect, test } from 'vitest';
import { readDwarf } from '../../src/debuginfo/dwarf.js';
import { DebugInfoError } from '../../src/debuginfo/errors.js';
import { openDebugSections } from '../../src/debuginfo/open.js';
import type { DebugSectionName, DebugSections } from '../../src/debuginfo/sections.js';
import type { DebugInfo, DebugType } from '../../src/debuginfo/types.js';
import { debugBuild, type Flavour, flavours } from '../helpers/debug-builds.js';
import { seededRandom } from '../helpers/elf-random.js';

const source = `
struct node { struct node *next; union { int i; float f; } value; unsigned bits : 5; enum { A, B = 7 } kind; int grid[3][4]; };
typedef struct node node_t;
typedef node_t *const pointer_t;
node_t first; static pointer_t second = &first; long counted[5];
int step(node_t *node, int by) { static int calls; return calls += by + (second == node) + node->value.i; }
`;

/** The sections of a file, some of them replaced. */
function replaced(sections: DebugSections, changes: Partial<Record<DebugSectionName, Uint8Array>>): DebugSections {
  return { ...sections, section: (name) => changes[name] ?? sections.section(name) };
}

/** Reads everything that there is to read. Whatever this throws that is no DebugInfoError goes through. */
function readAll(sections: DebugSections): { readonly info: DebugInfo } | { readonly problem: string } {
  try {
    const info = readDwarf([sections]);
    const seen = new Set<DebugType>();
    const open: DebugType[] = [...info.types, ...info.variables.map((one) => one.type)];
    for (const fn of info.functions) {
      open.push(fn.type);
      void [fn.scope, fn.parameterNames, fn.place, fn.prototyped, fn.external];
    }
    for (const variable of info.variables) void [variable.place, variable.tags];
    for (let type = open.pop(); type !== undefined; type = open.pop()) {
      if (seen.has(type)) continue;
      seen.add(type);
      open.push(...partsOf(type));
    }
    return { info };
  } catch (error) {
    if (error instanceof DebugInfoError) return { problem: error.problem };
    throw error;
  }
}

function partsOf(type: DebugType): readonly DebugType[] {
  switch (type.kind) {
    case 'record':
      void [type.scope, type.place, type.vtableOffset, ...type.fields.map((field) => [field.place, field.tags])];
      return [...type.fields, ...type.bases].map((part) => part.type);
    case 'array':
      void [type.dimensions, type.size];
      return [type.element];
    case 'pointer':
    case 'typedef':
    case 'qualified':
      return [type.target];
    case 'function':
      return [type.returns, ...type.parameters];
    case 'enum':
      void [type.members, type.scope, type.place];
      return [];
    default:
      return [];
  }
}

async function sectionsOf(flavour: Flavour | undefined): Promise<DebugSections> {
  await using build = await debugBuild({ files: { 'm.c': source }, ...(flavour === undefined ? {} : { flavour }) });
  return openDebugSections(build.bytes);
}

const sectionNames: readonly DebugSectionName[] = [
  'debug_info',
  'debug_abbrev',
  'debug_str',
  'debug_line',
  'debug_line_str',
  'debug_str_offsets',
  'debug_addr',
  'debug_types',
];

test.each(flavours.filter((one) => !one.args.includes('-g3')))(
  'a damaged byte gives an answer or a DebugInfoError, never anything else ($name)',
  async (flavour) => {
    const sections = await sectionsOf(flavour);
    const random = seededRandom(7);
    const answers = { read: 0, refused: 0 };
    for (let round = 0; round < 250; round++) {
      const name = sectionNames[Math.floor(random() * (round % 2 === 0 ? 2 : sectionNames.length))] ?? 'debug_info';
      const bytes = sections.section(name).slice();
      if (bytes.length === 0) continue;
      for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
        const at = Math.floor(random() * bytes.length);
        bytes[at] =
          random() < 0.3 ? ([0, 0xff, 0x80, 0x7f][Math.floor(random() * 4)] ?? 0) : Math.floor(random() * 256);
      }
      const answer = readAll(replaced(sections, { [name]: bytes }));
      if ('info' in answer) answers.read++;
      else answers.refused++;
    }
    expect(Math.min(answers.read, answers.refused)).toBeGreaterThan(10);
  },
);

test('a section that ends early is never taken for one without variables', async () => {
  for (const flavour of [flavours[0], flavours[1]]) {
    const sections = await sectionsOf(flavour);
    for (const name of ['debug_info', 'debug_abbrev'] as const) {
      const whole = sections.section(name);
      for (let length = name === 'debug_info' ? 1 : 0; length < whole.length; length++) {
        const answer = readAll(replaced(sections, { [name]: whole.subarray(0, length) }));
        if ('info' in answer) expect(answer.info.variables.map((one) => one.name)).toContain('counted');
        else expect(answer.problem).toBe('damaged');
      }
    }
  }
});

test('a zero in place of an entry is not taken for its end', async () => {
  const sections = await sectionsOf(flavours[0]);
  const whole = sections.section('debug_info');
  const names = readDwarf([sections]).variables.length;
  for (let at = 0x0c; at < whole.length; at++) {
    const bytes = whole.slice();
    bytes[at] = 0;
    const answer = readAll(replaced(sections, { debug_info: bytes }));
    // One zero may make one variable another place; it may not make the rest of them go away.
    if ('info' in answer) expect(answer.info.variables.length).toBeGreaterThanOrEqual(names - 1);
  }
});

test('no debug information is said to be none', async () => {
  for (const args of [['-g0'], ['-g', '-s']]) {
    await expect(
      debugBuild({ files: { 'm.c': source }, flavour: { name: 'clang', family: 'clang', args } }),
    ).rejects.toMatchObject({ name: 'DebugInfoError', problem: 'none' });
  }
  const sections = await sectionsOf(undefined);
  expect(readAll(replaced(sections, { debug_info: new Uint8Array() }))).toEqual({ problem: 'none' });
});

test.each([
  ['clang', '-gdwarf-5'],
  ['clang', '-gdwarf-4'],
  ['gcc', '-gdwarf-5'],
  ['gcc', '-gdwarf-4'],
] as const)('split debug information is refused with the name of the other file (%s %s)', async (family, version) => {
  const flavour = { name: 'split', family, args: [version, '-gsplit-dwarf'] };
  await expect(debugBuild({ files: { 'm.c': source }, flavour })).rejects.toMatchObject({
    name: 'DebugInfoError',
    problem: 'unsupported',
    message: expect.stringMatching(/\.dwo/),
  });
});
