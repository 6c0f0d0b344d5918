import { contentHash } from '../../files/hash.js';

/**
 * One file of the shared cache: a line with the form's name, a line with the payload's hash, then the payload. Whatever
 * became of it (cut short, bits turned, another program's file), it is then known for what it is.
 */
const form = 'hotmod cache 1';

export function wrapEntry(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${form}\n${contentHash(payload)}\n`), payload]);
}

/** The payload; undefined where it is not what was written. */
export function unwrapEntry(file: Buffer): Buffer | undefined {
  const start = form.length + 34;
  const head = file.subarray(0, start).toString('latin1');
  const payload = file.subarray(start);
  return head === `${form}\n${contentHash(payload)}\n` ? payload : undefined;
}
