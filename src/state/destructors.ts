import type { ElfFile, ElfSection } from '../objfile/types.js';

/** The one entry that the C runtime puts there itself (gcc's crtstuff, LLVM's compiler-rt). */
const runtimeOwn = /^(__do_global_dtors_aux|__do_fini)$/;

const pointerSize = 8;

/**
 * Whether closing the library would run code of its own on state that another image goes on using: destructor functions
 * in `.fini_array` (gABI chapter 5), or objects that registered with the loader by `__cxa_atexit`. Modules that hotmod
 * links register with the engine instead.
 */
export function hasDestructors(file: ElfFile): boolean {
  const section = file.section('.fini_array');
  if (section !== undefined && ownEntries(file, section) > 0) return true;
  const registers = /^__cxa_(thread_)?atexit(_impl)?$/;
  // Not by the symbol table: lld leaves a name there that `--wrap` was given for and that nothing uses.
  return file.relocations.some(({ symbol }) => symbol !== null && !symbol.defined && registers.test(symbol.name));
}

/** The entries are addresses that the loader fills in. Without a symbol table one of them is taken to be the runtime's. */
function ownEntries(file: ElfFile, section: ElfSection): number {
  const entries = Math.floor(section.size / pointerSize);
  if (file.symbols === null) return entries - 1;
  const runtime = new Set(file.symbols.filter(({ name }) => runtimeOwn.test(name)).map((symbol) => symbol.value));
  const end = section.addr + section.size;
  const isRuntime = file.relocations.filter(
    ({ offset, symbol, addend }) =>
      offset >= section.addr && offset < end && runtime.has(symbol === null ? addend : symbol.value + addend),
  );
  return entries - isRuntime.length;
}
