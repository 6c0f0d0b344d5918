import { ObjectFileError } from './errors.js';

/**
 * Little-endian reads from an untrusted file. Each read is checked against the end of the file, so that no other part
 * of the reader needs to be, and no length found in the file leads to an allocation beyond the file's own size.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.byteLength;
  }

  /** Throws unless `size` bytes at `offset` lie inside the file. `what` names them in the message. */
  need(offset: number, size: number, what: string): void {
    if (offset >= 0 && size >= 0 && offset + size <= this.length) return;
    throw new ObjectFileError(
      'truncated',
      `${what} should be at bytes ${offset} to ${offset + size}, but the file has ${this.length} bytes`,
    );
  }

  u8(offset: number): number {
    this.need(offset, 1, 'a byte');
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.need(offset, 2, 'a 16-bit value');
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number): number {
    this.need(offset, 4, 'a 32-bit value');
    return this.#view.getUint32(offset, true);
  }

  /**
   * A 64-bit value as a number. Above 2^53 the low bits are rounded away: no offset, size or user-space address is that
   * large, so such a value is either a flag word, an absolute symbol, or damage that the bounds checks then find.
   */
  u64(offset: number): number {
    this.need(offset, 8, 'a 64-bit value');
    return this.#view.getUint32(offset, true) + this.#view.getUint32(offset + 4, true) * 2 ** 32;
  }

  i64(offset: number): number {
    this.need(offset, 8, 'a 64-bit value');
    return this.#view.getUint32(offset, true) + this.#view.getInt32(offset + 4, true) * 2 ** 32;
  }

  /** A window into the file, not a copy. */
  slice(offset: number, size: number, what: string): Uint8Array {
    this.need(offset, size, what);
    return this.bytes.subarray(offset, offset + size);
  }
}
