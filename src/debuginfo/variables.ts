import type { TypeReader } from './build-type.js';
import { at, tag } from './constants.js';
import type { Entry } from './entry.js';
import { isDiscarded, readLocation } from './locations.js';
import { declarationOf, type OpenUnit } from './program.js';
import { tagsOf } from './tags.js';
import type { DebugType, Variable } from './types.js';

/** Every variable with a fixed place: global, static, and static in a function (DWARF 5, section 4.1). */
export function readVariables(reader: TypeReader): readonly Variable[] {
  const { program } = reader;
  const found: Variable[] = [];
  for (const unit of program.units) {
    for (const [position, kind] of unit.index.tags.entries()) {
      if (kind !== tag.variable) continue;
      const entry = program.entry(unit, unit.index.offsets[position] ?? 0);
      const variable = readVariable(reader, unit, entry);
      if (variable !== null) found.push(variable);
    }
  }
  return found;
}

function readVariable(reader: TypeReader, unit: OpenUnit, entry: Entry): Variable | null {
  const block = entry.block(at.location);
  const location = block === null ? null : readLocation(unit, block.bytes, block.place);
  if (location === null || isDiscarded(unit, location)) return null;
  const { program } = reader;
  const all = withDeclarations(reader, unit, entry);
  const declared = all.at(-1) ?? { unit, entry };
  const named = all.find((one) => one.entry.string(at.name) !== null) ?? declared;
  const typed = all.find((one) => one.entry.has(at.type)) ?? declared;
  const placed = all.find((one) => one.entry.has(at.declLine)) ?? declared;
  const text = (attribute: number): string | null =>
    all.map((one) => one.entry.string(attribute)).find((one) => one !== null) ?? null;
  const type = reader.typeOf(typed.entry);
  const scope = program.scopeOf(declared.unit, declared.entry.offset);
  const around = program.scopeOf(unit, entry.offset).function ?? scope.function;
  const name = named.entry.string(at.name) ?? '';
  const linkageName = text(at.linkageName) ?? text(at.mipsLinkageName);
  return {
    name,
    linkageName: linkageName === name ? null : linkageName,
    scope: scope.names,
    function: around === null ? null : functionName(reader, around.unit, around.entry),
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

interface Located {
  readonly unit: OpenUnit;
  readonly entry: Entry;
}

const mostDeclarations = 8;

/** An entry, what it specifies or is a copy of, and so on. */
export function withDeclarations({ program }: TypeReader, unit: OpenUnit, entry: Entry): readonly Located[] {
  const all: Located[] = [{ unit, entry }];
  for (let last = all[0]; last !== undefined && all.length < mostDeclarations; last = all.at(-1)) {
    const reference = declarationOf(last.entry);
    if (reference === null) break;
    all.push(program.follow(reference));
  }
  return all;
}

export function functionName(reader: TypeReader, unit: OpenUnit, entry: Entry): string {
  const all = withDeclarations(reader, unit, entry);
  return all.map((one) => one.entry.string(at.name)).find((one) => one !== null) ?? '';
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
