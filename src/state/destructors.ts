import type { ElfFile } from '../objfile/types.js';

/**
 * Whether closing the library would run code of its own on state that another image goes on using: destructor functions
 * in `.fini_array` (the C runtime's own is one), or objects that registered with the loader by `__cxa_atexit`. Modules that
 * hotmod links register with the engine instead.
 */
export function hasDestructors(file: ElfFile): boolean {
  const fini = file.section('.fini_array')?.size ?? 0;
  const runtimeOnly = 8;
  if (fini > runtimeOnly) return true;
  const registers = /^__cxa_(thread_)?atexit(_impl)?$/;
  return file.dynamicSymbols.some((symbol) => !symbol.defined && registers.test(symbol.name));
}
