import { DebugInfoError } from './errors.js';

/**
 * Reads from one debug section, moving on as it reads (DWARF 5, section 7). Every read is checked against the end, so
 * damage shows as a DebugInfoError and never as anything else.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  /** The same bytes: a Buffer decodes short texts several times faster than a TextDecoder. */
  readonly #text: Buffer;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  at: number;

  constructor(bytes: Uint8Array, littleEndian: boolean, at = 0) {
    this.bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = littleEndian;
    this.at = at;
  }

  /** Moves past `size` bytes and gives where they began. */
  take(size: number): number {
    const start = this.at;
    const end = start + size;
    if (!(size >= 0 && start >= 0 && end <= this.bytes.length)) {
      throw new DebugInfoError('damaged', `it reaches beyond the end of a section (byte ${start}, ${size} bytes)`);
    }
    this.at = end;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.take(2), this.#littleEndian);
  }

  u24(): number {
    const at = this.take(3);
    const [a, b, c] = [this.#view.getUint8(at), this.#view.getUint8(at + 1), this.#view.getUint8(at + 2)];
    return this.#littleEndian ? a | (b << 8) | (c << 16) : (a << 16) | (b << 8) | c;
  }

  u32(): number {
    return this.#view.getUint32(this.take(4), this.#littleEndian);
  }

  big64(): bigint {
    return this.#view.getBigUint64(this.take(8), this.#littleEndian);
  }

  /** A 64-bit value as a number. Above 2^53 low bits are lost: no offset, size or address of user space is that large. */
  u64(): number {
    return Number(this.big64());
  }

  unsigned(size: number): number {
    switch (size) {
      case 1:
        return this.u8();
      case 2:
        return this.u16();
      case 3:
        return this.u24();
      case 4:
        return this.u32();
      case 8:
        return this.u64();
      default:
        throw new DebugInfoError('unsupported', `values of ${size} bytes are not read`);
    }
  }

  /** Unsigned LEB128 (section 7.6), as a number; longer ones than a number can hold are damage. */
  uleb(): number {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 10; length++) {
      const byte = bytes[this.at];
      if (byte === undefined) this.take(1);
      else {
        this.at++;
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
        scale *= 128;
      }
    }
    throw new DebugInfoError('damaged', 'a LEB128 number has no end');
  }

  /** The same with all its bits, which a number has only 53 of. */
  bigUleb(): bigint {
    const start = this.at;
    const value = this.uleb();
    if (Number.isSafeInteger(value)) return BigInt(value);
    this.at = start;
    return BigInt.asUintN(64, this.#bits());
  }

  #bits(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new DebugInfoError('damaged', 'a LEB128 number has no end');
  }

  /** Signed LEB128 (section 7.6). */
  sleb(): bigint {
    const start = this.at;
    const value = this.#bits();
    const bits = (this.at - start) * 7;
    return BigInt.asIntN(64, BigInt.asIntN(bits, value));
  }

  /** Moves past a LEB128 number. */
  skipLeb(): void {
    const { bytes } = this;
    let { at } = this;
    for (let length = 0; length < 10; length++, at++) {
      const byte = bytes[at];
      if (byte === undefined) break;
      if (byte < 0x80) {
        this.at = at + 1;
        return;
      }
    }
    throw new DebugInfoError('damaged', 'a LEB128 number has no end');
  }

  /** Moves past a string and its NUL. */
  skipString(): void {
    // A negative or too large place would be taken as one counted from the end, or as none.
    const end = this.at > this.bytes.length ? -1 : this.#text.indexOf(0, this.at);
    if (end < 0) throw new DebugInfoError('damaged', 'a string has no end');
    this.at = end + 1;
  }

  string(): string {
    const start = this.at;
    this.skipString();
    return this.#text.toString('utf8', start, this.at - 1);
  }

  block(size: number): Uint8Array {
    const start = this.take(size);
    return this.bytes.subarray(start, start + size);
  }
}
