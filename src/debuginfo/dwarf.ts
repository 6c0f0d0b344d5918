import { createTypeReader } from './build-type.js';
import { at, tag } from './constants.js';
import { DebugInfoError } from './errors.js';
import { readFunctions } from './functions.js';
import { lazy } from './lazy.js';
import { openProgram } from './program.js';
import type { DebugSections } from './sections.js';
import type { TypeReader } from './type-reader.js';
import type { DebugInfo, NamedType } from './types.js';
import { readVariables } from './variables.js';

/**
 * Reads DWARF 2 to 5 as clang and gcc write it. The units are walked over once, without decoding what their entries say;
 * the rest is read when it is asked for, so that properties of the result may throw too.
 *
 * @throws DebugInfoError and nothing else, whatever the bytes are. `none` only where there are no units at all.
 */
export function readDwarf(sections: DebugSections): DebugInfo {
  if (sections.section('debug_info').length === 0) {
    throw new DebugInfoError('none', 'it was built without debug information, or was stripped of it');
  }
  const program = openProgram(sections);
  const reader = createTypeReader(program);
  const variables = lazy(() => readVariables(reader));
  const functions = lazy(() => readFunctions(reader));
  const types = lazy(() => readTypes(reader, new Set()));
  const outside = new Map<string, readonly NamedType[]>();
  return {
    pointerSize: sections.pointerSize,
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
    typesOutside(namespaces) {
      const key = namespaces.join(' ');
      const known = outside.get(key) ?? readTypes(reader, new Set(namespaces));
      outside.set(key, known);
      return known;
    },
  };
}

const named: ReadonlySet<number> = new Set([
  tag.structureType,
  tag.classType,
  tag.unionType,
  tag.enumerationType,
  tag.typedef,
]);

/** Types inside the named namespaces of the file's top level are passed over without being looked at. */
function readTypes(reader: TypeReader, without: ReadonlySet<string>): readonly NamedType[] {
  const { program } = reader;
  const found = new Set<NamedType>();
  for (const unit of program.units) {
    const { tags, offsets, parents } = unit.index;
    const skipped = new Set<number>();
    for (const [position, kind] of tags.entries()) {
      const parent = parents[position] ?? -1;
      if (without.size > 0 && skipped.has(parent)) {
        skipped.add(position);
        continue;
      }
      if (without.size > 0 && kind === tag.namespace && parent === 0) {
        const name = program.entry(unit, offsets[position] ?? 0).string(at.name) ?? '';
        if (without.has(name)) skipped.add(position);
      }
      if (!named.has(kind)) continue;
      const entry = program.entry(unit, offsets[position] ?? 0);
      if (entry.flag(at.declaration) || !(entry.has(at.name) || entry.has(at.specification))) continue;
      const type = reader.typeAt(unit, entry);
      if (type.kind === 'record' || type.kind === 'enum' || type.kind === 'typedef') found.add(type);
    }
  }
  return [...found];
}
