import { at, tag } from './constants.js';
import { definitionsNamed } from './definitions-by-name.js';
import type { Entry } from './entry.js';
import { DebugInfoError } from './errors.js';
import type { Located, OpenUnit } from './open-unit.js';
import type { Program } from './program.js';
import type { TypeReader } from './type-reader.js';

/**
 * The definition of what is only declared (section 5.7.1, `DW_AT_declaration`): in its own unit, or anywhere in the file
 * where exactly one can be meant. The entry itself where it is a definition, or where there is none or no telling which.
 */
export function findDefinition({ program }: TypeReader, unit: OpenUnit, entry: Entry): Located {
  const itself = { unit, entry };
  const signature = entry.reference(at.signature);
  if (signature !== null) {
    const found = program.follow(signature);
    if (found.entry.has(at.signature))
      throw new DebugInfoError('damaged', 'a type unit refers to another for its type');
    return found;
  }
  const name = entry.string(at.name);
  if (!entry.flag(at.declaration) || name === null) return itself;
  const scope = program.scopeOf(unit, entry.offset);
  const candidates = definitionsNamed(program, name).filter(
    (one) => sameKeyword(one.entry, entry) && sameNames(program.scopeOf(one.unit, one.entry.offset).names, scope.names),
  );
  const nearest = candidates.filter((one) => one.unit === unit);
  // What stands in an anonymous namespace or a function is another type in every source.
  const hidden = scope.names.includes('') || scope.function !== null;
  const found = nearest.length > 0 || hidden ? nearest : candidates;
  return found.length > 0 && allAlike(program, found) ? (found[0] ?? itself) : itself;
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

function looksOf(program: Program, { unit, entry }: Located): string {
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
