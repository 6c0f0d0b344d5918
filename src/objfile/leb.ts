import { ObjectFileError } from './errors.js';

/**
 * Reads what loaders read as a stream of bytes: single bytes, variable-length numbers (DWARF 5, section 7.6, which
 * Mach-O's byte codes share) and texts. Every read is checked against the end.
 */
export class ByteStream {
  readonly bytes: Uint8Array;
  at: number;
  readonly #what: string;

  /** `what` names the bytes in messages. */
  constructor(bytes: Uint8Array, what: string, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.#what = what;
  }

  get ended(): boolean {
    return this.at >= this.bytes.length;
  }

  u8(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw this.#corrupt('end in the middle');
    this.at++;
    return byte;
  }

  /** Bits above the 64th make it damaged; those above the 53rd are rounded away, as `ByteReader` does. */
  uleb(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.#corrupt('hold a number without an end');
  }

  sleb(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - 2 ** (shift + 7);
    }
    throw this.#corrupt('hold a number without an end');
  }

  /** A distance that goes back where it wraps around 64 bits, as linkers write one that is negative. */
  distance(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw this.#corrupt('hold a number without an end');
  }

  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw this.#corrupt('hold a name without an end');
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at, end - this.at).toString('utf8');
    this.at = end + 1;
    return text;
  }

  #corrupt(how: string): ObjectFileError {
    return new ObjectFileError('corrupt', `${this.#what} ${how}`);
  }
}
