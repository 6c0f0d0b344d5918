import { readElf } from '../../src/objfile/elf.js';

/** A copy of a library with the bytes of one section changed in place; the section keeps its size. */
export function damageSection(library: Uint8Array, name: string, change: (bytes: Uint8Array) => void): Uint8Array {
  const copy = Uint8Array.from(library);
  const section = readElf(copy).sections.find((one) => one.name === name);
  if (section === undefined) throw new Error(`The library has no section ${name}.`);
  change(copy.subarray(section.offset, section.offset + section.size));
  return copy;
}
