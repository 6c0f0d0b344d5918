import type { TypeReader } from './build-type.js';
import { at, tag } from './constants.js';
import type { Entry } from './entry.js';
import { lazy } from './lazy.js';
import type { OpenUnit } from './program.js';
import { sizeOf } from './size-of.js';
import type { DebugType, EnumType } from './types.js';

/** Section 5.7. */
export function buildEnum(reader: TypeReader, unit: OpenUnit, entry: Entry): EnumType {
  const signed = lazy(() => isSigned(reader, unit, entry));
  const members = lazy(() =>
    reader.program
      .children(unit, entry)
      .filter((child) => child.tag === tag.enumerator)
      .map((child) => ({ name: child.string(at.name) ?? '', value: child.big(at.constValue, signed()) ?? 0n })),
  );
  return {
    kind: 'enum',
    name: entry.string(at.name),
    size: entry.number(at.byteSize) ?? sizeOf(reader.typeOf(entry)) ?? 4,
    complete: !entry.flag(at.declaration),
    unit: unit.name,
    get scope() {
      return reader.program.scopeOf(unit, entry.offset).names;
    },
    get signed() {
      return signed();
    },
    get members() {
      return members();
    },
    get place() {
      return reader.program.placeOf(unit, entry);
    },
  };
}

/** What the type below it says, or its own encoding; else whether a value is negative. */
function isSigned(reader: TypeReader, unit: OpenUnit, entry: Entry): boolean {
  const below = entry.has(at.type) ? numberBelow(reader.typeOf(entry)) : null;
  if (below !== null) return below === 'signed' || below === 'character';
  const encoding = entry.number(at.encoding);
  if (encoding !== null) return encoding === 5 || encoding === 6;
  const values = reader.program.children(unit, entry).filter((child) => child.tag === tag.enumerator);
  return values.some((child) => (child.big(at.constValue) ?? 0n) < 0n);
}

function numberBelow(type: DebugType): string | null {
  if (type.kind === 'typedef' || type.kind === 'qualified') return numberBelow(type.target);
  return type.kind === 'base' ? type.encoding : null;
}
