import { ObjectFileError } from './errors.js';

/** A table of NUL-terminated strings (gABI chapter 4, "String Table"), addressed by byte offset. */
export interface StringTable {
  readonly size: number;
  /** Throws `corrupt` for an offset outside the table and for a string that the table's end cuts off. */
  at(offset: number): string;
}

/**
 * Linkers share tails between names, so names may overlap; but no real table decodes to many times its own size. The
 * budget keeps a damaged file, in which each of a million symbols names the same megabyte, from taking for ever.
 */
const budgetFactor = 64;
const budgetFloor = 1 << 20;

export function stringTable(bytes: Uint8Array): StringTable {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const known = new Map<number, string>();
  let budget = Math.max(budgetFloor, buffer.length * budgetFactor);

  return {
    size: buffer.length,
    at(offset) {
      const before = known.get(offset);
      if (before !== undefined) return before;
      if (offset >= buffer.length) {
        throw new ObjectFileError('corrupt', `a name lies at ${offset} in a string table of ${buffer.length} bytes`);
      }
      const end = buffer.indexOf(0, offset);
      if (end < 0) throw new ObjectFileError('corrupt', `the name at ${offset} in a string table has no end`);
      budget -= end - offset;
      if (budget < 0) throw new ObjectFileError('corrupt', 'the names in a string table overlap without reason');
      const text = buffer.toString('utf8', offset, end);
      known.set(offset, text);
      return text;
    },
  };
}
