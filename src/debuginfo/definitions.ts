import type { TypeReader } from './build-type.js';
import { at, tag } from './constants.js';
import type { Entry } from './entry.js';
import type { OpenUnit, Program } from './program.js';

interface Located {
  readonly unit: OpenUnit;
  readonly entry: Entry;
}

/** Definitions of records and enumerations by name, for each program; made when a declaration is first met. */
const indexes = new WeakMap<Program, ReadonlyMap<string, readonly Located[]>>();

const definable: ReadonlySet<number> = new Set([tag.structureType, tag.classType, tag.unionType, tag.enumerationType]);

/**
 * The definition of what is only declared (section 5.7.1, `DW_AT_declaration`): in its own unit, or anywhere in the file
 * where exactly one can be meant. The entry itself where it is a definition, or where there is none or no telling which.
 */
export function findDefinition({ program }: TypeReader, unit: OpenUnit, entry: Entry): Located {
  const itself = { unit, entry };
  const signature = entry.reference(at.signature);
  if (signature !== null) return program.follow(signature);
  const name = entry.string(at.name);
  if (!entry.flag(at.declaration) || name === null) return itself;
  const scope = program.scopeOf(unit, entry.offset).names.join('::');
  const candidates = (definitionsOf(program).get(name) ?? []).filter(
    (one) => one.entry.tag === entry.tag || isClass(one.entry) === isClass(entry),
  );
  const inScope = candidates.filter((one) => program.scopeOf(one.unit, one.entry.offset).names.join('::') === scope);
  const nearest = inScope.filter((one) => one.unit === unit);
  // What stands in an anonymous namespace is another type in every source.
  const hidden = scope.split('::').includes('') && scope !== '';
  const found = nearest.length > 0 || hidden ? nearest : inScope;
  return found.length > 0 && allAlike(program, found) ? (found[0] ?? itself) : itself;
}

function isClass({ tag: kind }: Entry): boolean {
  return kind === tag.structureType || kind === tag.classType;
}

/** A header leaves a copy of its types in every unit that includes it. */
function allAlike(program: Program, found: readonly Located[]): boolean {
  const looks = found.map(({ unit, entry }) => {
    const { file, line } = program.placeOf(unit, entry);
    return `${entry.number(at.byteSize)} ${file}:${line}`;
  });
  return new Set(looks).size === 1;
}

function definitionsOf(program: Program): ReadonlyMap<string, readonly Located[]> {
  const known = indexes.get(program);
  if (known !== undefined) return known;
  const byName = new Map<string, Located[]>();
  for (const unit of program.units) {
    for (const [position, kind] of unit.index.tags.entries()) {
      if (!definable.has(kind)) continue;
      const entry = program.entry(unit, unit.index.offsets[position] ?? 0);
      const name = entry.string(at.name);
      if (name === null || entry.flag(at.declaration)) continue;
      const all = byName.get(name) ?? [];
      all.push({ unit, entry });
      byName.set(name, all);
    }
  }
  indexes.set(program, byName);
  return byName;
}
