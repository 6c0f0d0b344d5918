import { at, tag } from './constants.js';
import { definitionsNamed } from './definitions-by-name.js';
import type { Entry } from './entry.js';
import { DebugInfoError } from './errors.js';
import type { DescribedUnit, Located, Program, TypeReader } from './program-types.js';

/**
 * The definition of what is only declared (section 5.7.1, `DW_AT_declaration`): in its own unit, or anywhere in the file
 * where exactly one can be meant. The entry itself where it is a definition, or where there is none or no telling which.
 */
export function findDefinition({ program }: TypeReader, unit: DescribedUnit, entry: Entry): Located {
  const itself = { unit, entry };
  const signature = entry.reference(at.signature);
  if (signature !== null) {
    const found = program.follow(signature);
    if (found.entry.has(at.signature))
      throw new DebugInfoError('damaged', 'a type unit refers to another for its type');
    return found;
  }
  const declared = readDeclaration(program, unit, entry);
  if (declared === null) return itself;
  const candidates = definitionsNamed(program, declared.name).filter((one) => isDefinitionOf(program, declared, one));
  const nearest = candidates.filter((one) => one.unit === unit.body);
  const found = nearest.length > 0 || declared.hidden ? nearest : candidates;
  return found.length > 0 && allAlike(program, found) ? (found[0] ?? itself) : itself;
}

/** What is only declared somewhere, and what its definition is known by. */
export interface Declared {
  readonly entry: Entry;
  readonly name: string;
  readonly scope: readonly string[];
  /** Its definition can only stand in the same unit. */
  readonly hidden: boolean;
}

/** Null where an entry is a definition or has no name. */
export function readDeclaration(program: Program, unit: DescribedUnit, entry: Entry): Declared | null {
  const name = entry.string(at.name);
  if (!entry.flag(at.declaration) || name === null) return null;
  const { names, function: around } = program.scopeOf(unit, entry.offset);
  // What stands in an anonymous namespace or a function is another type in every source.
  return { entry, name, scope: names, hidden: names.includes('') || around !== null };
}

/** Whether one of the definitions of its name is of the same kind and stands in the same scope. */
export function isDefinitionOf(program: Program, { entry, scope }: Declared, one: Located): boolean {
  return sameKeyword(one.entry, entry) && sameNames(program.scopeOf(one.unit, one.entry.offset).names, scope);
}

/** `struct` and `class` name the same type in C++, `union` and `enum` do not. */
function sameKeyword(one: Entry, other: Entry): boolean {
  const isClass = ({ tag: kind }: Entry): boolean => kind === tag.structureType || kind === tag.classType;
  return one.tag === other.tag || (isClass(one) && isClass(other));
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, n) => name === other[n]);
}

/**
 * A header leaves a copy of its types in every unit that includes it. One line of a header may still be two types, where
 * a macro decides, so members count too.
 */
function allAlike(program: Program, found: readonly Located[]): boolean {
  if (found.length === 1) return true;
  return new Set(found.map((one) => looksOf(program, one))).size === 1;
}

function looksOf(program: Program, one: Located): string {
  const { looks } = one.unit.body.facts;
  const known = looks.get(one.entry.offset) ?? readLooks(program, one);
  looks.set(one.entry.offset, known);
  return known;
}

function readLooks(program: Program, { unit, entry }: Located): string {
  const { file, line } = program.placeOf(unit, entry);
  const members = program
    .children(unit, entry, tag.member, tag.inheritance, tag.enumerator)
    .map((child) =>
      [
        child.string(at.name),
        child.number(at.dataMemberLocation),
        child.number(at.dataBitOffset),
        child.number(at.bitOffset),
        child.number(at.bitSize),
        child.big(at.constValue),
        typeLooks(program, child),
      ].join(' '),
    );
  return [entry.number(at.byteSize), file, line, ...members].join('\n');
}

const farthest = 8;

/** The tags and names on the way to a type that has a name. */
function typeLooks(program: Program, of: Entry): string {
  const seen: string[] = [];
  let current = of;
  for (let step = 0; step < farthest; step++) {
    const reference = current.reference(at.type) ?? current.reference(at.signature);
    if (reference === null) break;
    current = program.follow(reference).entry;
    const name = current.string(at.name);
    seen.push(`${current.tag} ${name} ${current.number(at.byteSize)}`);
    if (name !== null) break;
  }
  return seen.join(' ');
}
