import { readChainedFixups } from './macho-chained-fixups.js';
import { readBinds, readRebases } from './macho-dyld-info.js';
import type { MachOFile, MachOFixup } from './macho-types.js';

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
