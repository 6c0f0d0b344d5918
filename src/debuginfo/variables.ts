import { at, tag } from './constants.js';
import { firstWith, textOf, withDeclarations } from './declarations.js';
import type { Entry } from './entry.js';
import { isDiscarded, type Location, readLocation } from './locations.js';
import type { OpenUnit } from './open-unit.js';
import { sizeOf } from './size-of.js';
import { tagsOf } from './tags.js';
import type { TypeReader } from './type-reader.js';
import type { DebugType, Variable } from './types.js';

/** Every variable with a fixed place: global, static, and static in a function (DWARF 5, section 4.1). */
export function readVariables(reader: TypeReader): readonly Variable[] {
  const { program } = reader;
  const found: Variable[] = [];
  const seen = new Set<string>();
  for (const unit of program.units) {
    const { tags, offsets } = unit.index;
    for (let position = 0; position < tags.length; position++) {
      if (tags[position] !== tag.variable) continue;
      const entry = program.entry(unit, offsets[position] ?? 0);
      const location = locationOf(unit, entry);
      if (location === null) continue;
      const variable = readVariable(reader, unit, entry, location);
      if (isNew(seen, variable)) found.push(variable);
    }
  }
  return found;
}

function locationOf(unit: OpenUnit, entry: Entry): Location | null {
  const block = entry.block(at.location);
  const location = block === null ? null : readLocation(unit, block.bytes, block.place);
  return location === null || isDiscarded(unit, location) ? null : location;
}

/**
 * An inline variable, or a static of an inline function, is described by every source that uses it, and again by every
 * copy of the function; the linker keeps one. Descriptions that contradict each other all stay.
 */
function isNew(seen: Set<string>, { name, scope, address, section, threadLocal, type }: Variable): boolean {
  const key = [name, scope.join('::'), address, section, threadLocal, sizeOf(type)].join('|');
  const before = seen.size;
  return seen.add(key).size > before;
}

function readVariable(reader: TypeReader, unit: OpenUnit, entry: Entry, location: Location): Variable {
  const { program } = reader;
  const all = withDeclarations(program, unit, entry);
  const declared = all.at(-1) ?? { unit, entry };
  const placed = firstWith(all, at.declLine) ?? declared;
  const type = reader.typeOf((firstWith(all, at.type) ?? declared).entry);
  const name = textOf(all, at.name) ?? '';
  const linkageName = textOf(all, at.linkageName, at.mipsLinkageName);
  const scope = program.scopeOf(declared.unit, declared.entry.offset);
  // Where it is declared counts: a copy that was inlined lies in a function that calls its own.
  const around = scope.function;
  return {
    name,
    linkageName: linkageName === name ? null : linkageName,
    scope: scope.types,
    function: around === null ? null : textOf(withDeclarations(program, around.unit, around.entry), at.name),
    type,
    address: location.address,
    section: location.section,
    threadLocal: location.threadLocal,
    constant: isConstant(type),
    external: all.some((one) => one.entry.flag(at.external)),
    unit: unit.name,
    get place() {
      return program.placeOf(placed.unit, placed.entry);
    },
    get tags() {
      return all.flatMap((one) => tagsOf(program, one.unit, one.entry));
    },
  };
}

function isConstant(type: DebugType): boolean {
  switch (type.kind) {
    case 'qualified':
      return type.qualifier === 'const' || isConstant(type.target);
    case 'typedef':
      return isConstant(type.target);
    case 'array':
      return isConstant(type.element);
    default:
      return false;
  }
}
