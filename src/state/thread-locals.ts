import type { DebugInfo } from '../debuginfo/types.js';
import type { ElfFile } from '../objfile/types.js';
import { statefulSections } from '../objfile/writable.js';

/**
 * Names of thread-local variables: as the source writes them where the debug information has them, and otherwise by their
 * symbols. Every thread has its own; both count from the start of the TLS block (gABI chapter 5).
 */
export function threadLocals(file: ElfFile, debug: DebugInfo | null): readonly string[] {
  const described = (debug?.variables ?? []).filter((variable) => variable.threadLocal);
  const places = new Set(described.map((variable) => variable.address));
  const own = (file.symbols ?? file.dynamicSymbols).filter(
    ({ type, defined, name, value }) => type === 'tls' && defined && !places.has(value) && !isRuntime(name),
  );
  const names = [...new Set([...described.map((variable) => variable.name), ...own.map((symbol) => symbol.name)])];
  if (names.length > 0) return names;
  return statefulSections(file)
    .filter((section) => section.threadLocal)
    .map(({ name }) => `unnamed bytes in ${name}`);
}

/** Flags that say whether C++ thread-local objects were constructed; marks that linkers put there. */
function isRuntime(name: string): boolean {
  return /^(__tls_guard|_ZGV.*|_TLS_MODULE_BASE_)$/.test(name);
}
