import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, Field, RecordType } from '../debuginfo/types.js';
import { strip } from './strip.js';

/** No base type asks for more, on x86-64 (System V ABI, figure 3.1) or AArch64 (AAPCS64, table 1). */
const largestNatural = 16;

/**
 * Bytes that addresses of a type are multiples of. Debug information says so only where the source asks for an alignment;
 * everywhere else it follows from the fields. A packed struct is told by fields that stand where they otherwise could
 * not; one whose fields happen to lie as they would anyway is taken for an ordinary one.
 */
export function alignOf(type: DebugType): number {
  const asked = alignOfTypedef(type);
  if (asked !== null) return asked;
  const plain = strip(type);
  switch (plain.kind) {
    case 'base': {
      // The two halves of a complex number are aligned each.
      const size = plain.encoding === 'complex' ? plain.size / 2 : plain.size;
      return Math.min(powerBelow(size), largestNatural);
    }
    case 'pointer':
      return Math.min(powerBelow(plain.size), 8);
    case 'enum':
      return powerBelow(plain.size);
    case 'unspecified':
      return powerBelow(sizeOf(plain) ?? 1);
    case 'array':
      return plain.vector ? Math.min(powerBelow(plain.size ?? 1), largestNatural) : alignOf(plain.element);
    case 'record':
      return recordAlign(plain);
    case 'void':
    case 'function':
      return 1;
    default: {
      const unknown: never = plain;
      throw new Error(`alignOf: ${JSON.stringify(unknown)}`);
    }
  }
}

/** A typedef may ask for more than its type, or for less. */
function alignOfTypedef(type: DebugType): number | null {
  let current = type;
  for (; current.kind === 'typedef' || current.kind === 'qualified'; current = current.target) {
    if (current.kind === 'typedef' && typeof current.align === 'number') return current.align;
  }
  return null;
}

const answers = new WeakMap<RecordType, number>();

function recordAlign(record: RecordType): number {
  const known = answers.get(record);
  if (known !== undefined) return known;
  const answer = record.complete ? (record.align ?? alignFromParts(record)) : 1;
  answers.set(record, answer);
  return answer;
}

function alignFromParts(record: RecordType): number {
  const bases = record.bases.map((base) => alignOf(base.type));
  const table = record.vtableOffset === null ? 1 : 8;
  const asked = Math.max(1, ...record.fields.map((field) => field.align ?? 1));
  const natural = Math.max(asked, table, ...bases, ...record.fields.map(alignOfField));
  for (let align = natural; align > asked; align /= 2) {
    if (record.size % align === 0 && record.fields.every((field) => isPlaced(field, align))) return align;
  }
  return asked;
}

function alignOfField(field: Field): number {
  return Math.max(alignOf(field.type), field.align ?? 1);
}

/** Whether a field may stand where it does in a record whose parts are aligned to `most` at most. */
function isPlaced(field: Field, most: number): boolean {
  if (field.bitSize === null) return field.offset % Math.min(alignOfField(field), most) === 0;
  // A bit-field lies within one unit of its declared type, unless it is packed (System V ABI, 3.1.2).
  const unit = (sizeOf(field.type) ?? 1) * 8;
  const [first, last] = [field.bitOffset, field.bitOffset + Math.max(field.bitSize, 1) - 1];
  return Math.floor(first / unit) === Math.floor(last / unit);
}

/** The largest power of two that is not above. */
function powerBelow(size: number): number {
  return size < 1 ? 1 : 2 ** Math.floor(Math.log2(size));
}
