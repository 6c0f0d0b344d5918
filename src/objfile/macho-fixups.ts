import { readChainedFixups } from './macho-chained-fixups.js';
import { readBinds, readRebases } from './macho-dyld-info.js';
import type { MachOFile } from './macho-types.js';

/** A word of the image that the loader fills in. */
export interface MachOFixup {
  readonly address: number;
  /** An address of the image itself, or a symbol of another one and a number to add; names as they stand in the file. */
  readonly target:
    | { readonly kind: 'address'; readonly address: number }
    | { readonly kind: 'symbol'; readonly name: string; readonly addend: number; readonly weak: boolean };
}

/**
 * What the loader fills in: from chained fixups, or from the byte codes of older linkers. Empty where the file has
 * neither.
 *
 * @throws ObjectFileError
 */
export function readMachOFixups(file: MachOFile): readonly MachOFixup[] {
  if (file.chainedFixups !== null) return readChainedFixups(file, file.chainedFixups);
  const info = file.dyldInfo;
  if (info === null) return [];
  const binds = [info.bind, info.lazyBind, info.weakBind].flatMap((place) => readBinds(file, place));
  return [...readRebases(file, info.rebase), ...binds];
}
