import { at, tag } from './constants.js';
import { typeNameOf } from './declarations.js';
import type { Entry } from './entry.js';
import type { DescribedUnit, Located, Program, UnitBody } from './program-types.js';

/** For each program, what was asked for. */
const answers = new WeakMap<Program, Map<string, readonly Located<UnitBody>[]>>();

const definable: ReadonlySet<number> = new Set([tag.structureType, tag.classType, tag.unionType, tag.enumerationType]);

/** Definitions of records and enumerations of this name, in whatever scope, in the order of the file. */
export function definitionsNamed(program: Program, name: string): readonly Located<UnitBody>[] {
  const asked = answers.get(program) ?? new Map<string, readonly Located<UnitBody>[]>();
  answers.set(program, asked);
  const known = asked.get(name) ?? definitionsIn(program.units, name);
  asked.set(name, known);
  return known;
}

/** Units have other bodies from now on. */
export function forgetDefinitions(program: Program): void {
  answers.delete(program);
}

/** The same of some units. */
export function definitionsIn(units: readonly DescribedUnit[], name: string): readonly Located<UnitBody>[] {
  return units.flatMap(({ body }) => {
    const offsets = definitionsOf(body).get(name) ?? none;
    return offsets.map((offset) => ({ unit: body, entry: body.program.entry(body, offset) }));
  });
}

const none: readonly number[] = [];

/** Offsets of the definitions of a unit by their names. */
export function definitionsOf(body: UnitBody): ReadonlyMap<string, readonly number[]> {
  body.facts.definitions ??= readDefinitions(body);
  return body.facts.definitions;
}

function readDefinitions(body: UnitBody): ReadonlyMap<string, readonly number[]> {
  const byName = new Map<string, number[]>();
  for (const entry of definableEntries(body)) {
    if (entry.flag(at.declaration)) continue;
    const name = typeNameOf(body.program, body, entry);
    if (name === null) continue;
    const all = byName.get(name);
    if (all === undefined) byName.set(name, [entry.offset]);
    else all.push(entry.offset);
  }
  return byName;
}

/** Records and enumerations, declared or defined. */
export function* definableEntries(body: UnitBody): Generator<Entry> {
  const { tags, offsets } = body.index;
  for (let position = 0; position < tags.length; position++) {
    if (definable.has(tags[position] ?? 0)) yield body.program.entry(body, offsets[position] ?? 0);
  }
}
