import { at, tag } from './constants.js';
import { typeNameOf } from './declarations.js';
import type { Entry } from './entry.js';
import { lazy } from './lazy.js';
import type { DescribedUnit, TypeReader } from './program-types.js';
import { sizeOf } from './size-of.js';
import type { DebugType, EnumType } from './types.js';

/** Section 5.7. */
export function buildEnum(reader: TypeReader, unit: DescribedUnit, entry: Entry): EnumType {
  const size = entry.number(at.byteSize) ?? sizeOf(reader.typeOf(entry)) ?? 4;
  const enumerators = lazy(() => reader.program.children(unit, entry, tag.enumerator));
  const signed = lazy(() => isSigned(reader, entry, enumerators()));
  const members = lazy(() =>
    enumerators().map((child) => ({
      name: child.string(at.name) ?? '',
      value: enumeratorValue(child, size, signed()),
    })),
  );
  return {
    kind: 'enum',
    name: typeNameOf(reader.program, unit, entry),
    size,
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

/**
 * Data forms do not say whether they are signed (section 7.5.5): 0xc8 in one byte is 200 in an `int`, and -56 only where
 * the enumeration itself has one byte. So the bits are cut to the size of the enumeration and then given their sign.
 */
function enumeratorValue(enumerator: Entry, size: number, signed: boolean): bigint {
  const value = enumerator.big(at.constValue) ?? 0n;
  return signed ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value);
}

/** What the type below it says, or its own encoding; else whether a value is negative. */
function isSigned(reader: TypeReader, entry: Entry, enumerators: readonly Entry[]): boolean {
  const below = entry.has(at.type) ? numberBelow(reader.typeOf(entry)) : null;
  if (below !== null) return below === 'signed' || below === 'character';
  const encoding = entry.number(at.encoding);
  if (encoding !== null) return encoding === 5 || encoding === 6;
  return enumerators.some((child) => (child.big(at.constValue) ?? 0n) < 0n);
}

function numberBelow(type: DebugType): string | null {
  if (type.kind === 'typedef' || type.kind === 'qualified') return numberBelow(type.target);
  return type.kind === 'base' ? type.encoding : null;
}
