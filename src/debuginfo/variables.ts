import { at, tag } from './constants.js';
import { isDiscarded, isFixed, type Location, readLocation } from './locations.js';
import type { OpenUnit, Program, VariableParts } from './program-types.js';
import { sizeOf } from './size-of.js';
import type { DebugType, Place, Variable } from './types.js';
import { variableAt } from './variable-parts.js';

/** Every variable with a fixed place: global, static, and static in a function (DWARF 5, section 4.1). */
export function readVariables(program: Program): readonly Variable[] {
  const found: Variable[] = [];
  const seen = new Set<string>();
  for (const unit of program.units) {
    for (const offset of placesOf(program, unit)) {
      const location = locationOf(program, unit, offset);
      if (location === null) continue;
      const variable = new VariableOfFile(variableAt(unit.body, offset), location);
      if (isNew(seen, variable)) found.push(variable);
    }
  }
  return found;
}

/** Offsets of the variables that may have a fixed place; most lie on the stack. */
function placesOf(program: Program, unit: OpenUnit): readonly number[] {
  const { facts } = unit.body;
  facts.places ??= unit.index.offsets.filter((offset, position) => {
    if (unit.index.tags[position] !== tag.variable) return false;
    const block = program.entry(unit, offset).block(at.location);
    return block !== null && isFixed(block.bytes);
  });
  return facts.places;
}

function locationOf(program: Program, unit: OpenUnit, offset: number): Location | null {
  const block = program.entry(unit, offset).block(at.location);
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

/** What every file that has its unit says of it, and where it lies in this one. */
class VariableOfFile implements Variable {
  readonly name: string;
  readonly linkageName: string | null;
  readonly scope: readonly string[];
  readonly function: string | null;
  readonly type: DebugType;
  readonly address: number;
  readonly section: number | null;
  readonly threadLocal: boolean;
  readonly constant: boolean;
  readonly external: boolean;
  readonly unit: string;
  readonly #parts: VariableParts;

  constructor(parts: VariableParts, { address, section, threadLocal }: Location) {
    this.name = parts.name;
    this.linkageName = parts.linkageName;
    this.scope = parts.scope;
    this.function = parts.function;
    this.type = parts.type;
    this.address = address;
    this.section = section;
    this.threadLocal = threadLocal;
    this.constant = parts.constant;
    this.external = parts.external;
    this.unit = parts.unit;
    this.#parts = parts;
  }

  get place(): Place {
    return this.#parts.place;
  }

  get tags(): readonly string[] {
    return this.#parts.tags;
  }
}
