import { framesAt, lineAt } from './code-frames.js';
import { at, tag } from './constants.js';
import { definitionsIn } from './definitions-by-name.js';
import { DebugInfoError } from './errors.js';
import { readFunctionAround, readFunctions, readFunctionsAt } from './functions.js';
import { lastBefore } from './index-entries.js';
import { lazy } from './lazy.js';
import { openProgram } from './program.js';
import type { Program, UnitBody } from './program-types.js';
import type { DebugSections } from './sections.js';
import type { DebugInfo, NamedType, RecordType } from './types.js';
import { readVariables } from './variables.js';

/**
 * Reads DWARF 2 to 5 as clang and gcc write it, of one file or of the object files that one was linked from. The units are
 * walked over once, without decoding what their entries say; the rest is read when it is asked for, so that properties of the result may throw too.
 *
 * @param known earlier readings of like files. What these made of a unit that is the same here is taken over: the types of
 * such units are the same objects.
 * @throws DebugInfoError and nothing else, whatever the bytes are. `none` only where there are no units at all.
 */
export function readDwarf(files: readonly DebugSections[], known: readonly DebugInfo[] = []): DebugInfo {
  if (files.every((sections) => sections.section('debug_info').length === 0)) {
    throw new DebugInfoError('none', 'it was built without debug information, or was stripped of it');
  }
  const earlier = known.flatMap((one) => programs.get(one) ?? []);
  const { program, reused } = openProgram(files, earlier);
  const variables = lazy(() => readVariables(program));
  const functions = lazy(() => readFunctions(program));
  const types = lazy(() => [...new Set(program.units.flatMap(({ body }) => typesOfUnit(body, [])))]);
  const info: DebugInfo = {
    reused,
    pointerSize: files[0]?.pointerSize ?? 8,
    units: program.units
      .filter(({ unit }) => unit.signature === null)
      .map(({ name, directory, language }) => ({ name, directory, language })),
    get variables() {
      return variables();
    },
    get functions() {
      return functions();
    },
    get types() {
      return types();
    },
    functionsAt(addresses) {
      return readFunctionsAt(program, addresses);
    },
    lineAt: (address) => lineAt(program, address),
    functionAt: (address) => readFunctionAround(program, address),
    framesAt: (address) => framesAt(program, address),
    recordsNamed: (name) => [...new Set(program.units.flatMap(({ body }) => recordsOfUnit(body, name)))],
    typesByUnit: (namespaces) => program.units.map(({ body }) => typesOfUnit(body, namespaces)),
  };
  programs.set(info, program);
  return info;
}

/** What each was read from, for readings that come after it. */
const programs = new WeakMap<DebugInfo, Program>();

const named: ReadonlySet<number> = new Set([
  tag.structureType,
  tag.classType,
  tag.unionType,
  tag.enumerationType,
  tag.typedef,
]);

/** Types inside the named namespaces of the file's top level are passed over without being looked at. */
function typesOfUnit(body: UnitBody, without: readonly string[]): readonly NamedType[] {
  const key = without.join(' ');
  const known = body.named.get(key) ?? readTypes(body, new Set(without));
  body.named.set(key, known);
  return known;
}

function readTypes(body: UnitBody, without: ReadonlySet<string>): readonly NamedType[] {
  const { program, reader } = body;
  const found = new Set<NamedType>();
  const { tags, offsets, parents, ends } = body.index;
  for (let position = 0; position < tags.length; position++) {
    const kind = tags[position] ?? 0;
    if (kind === tag.namespace && parents[position] === 0 && without.size > 0) {
      const name = program.entry(body, offsets[position] ?? 0).string(at.name) ?? '';
      if (without.has(name)) position = lastBefore(body.index, ends[position] ?? 0);
      continue;
    }
    if (!named.has(kind)) continue;
    const entry = program.entry(body, offsets[position] ?? 0);
    if (entry.flag(at.declaration) || !(entry.has(at.name) || entry.has(at.specification))) continue;
    const type = reader.typeAt(body, entry);
    if (type.kind === 'record' || type.kind === 'enum' || type.kind === 'typedef') found.add(type);
  }
  return [...found];
}

function recordsOfUnit(body: UnitBody, name: string): readonly RecordType[] {
  const known = body.records.get(name);
  if (known !== undefined) return known;
  const types = definitionsIn([body], name).map(({ entry }) => body.reader.typeAt(body, entry));
  const records = [...new Set(types)].filter((type) => type.kind === 'record');
  body.records.set(name, records);
  return records;
}
