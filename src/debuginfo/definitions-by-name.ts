import { at, tag } from './constants.js';
import { typeNameOf } from './declarations.js';
import type { Located } from './open-unit.js';
import type { Program } from './program.js';

/** For each program; made when a name is first asked for. */
const indexes = new WeakMap<Program, ReadonlyMap<string, readonly Located[]>>();

const definable: ReadonlySet<number> = new Set([tag.structureType, tag.classType, tag.unionType, tag.enumerationType]);

/** Definitions of records and enumerations of this name, in whatever scope, in the order of the file. */
export function definitionsNamed(program: Program, name: string): readonly Located[] {
  const index = indexes.get(program) ?? readIndex(program);
  indexes.set(program, index);
  return index.get(name) ?? [];
}

function readIndex(program: Program): ReadonlyMap<string, readonly Located[]> {
  const byName = new Map<string, Located[]>();
  for (const unit of program.units) {
    const { tags, offsets } = unit.index;
    for (let position = 0; position < tags.length; position++) {
      if (!definable.has(tags[position] ?? 0)) continue;
      const entry = program.entry(unit, offsets[position] ?? 0);
      if (entry.flag(at.declaration)) continue;
      const name = typeNameOf(program, unit, entry);
      if (name === null) continue;
      const all = byName.get(name);
      if (all === undefined) byName.set(name, [{ unit, entry }]);
      else all.push({ unit, entry });
    }
  }
  return byName;
}
