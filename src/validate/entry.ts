import type { EntryNames } from '../config/resolved.js';
import type { ElfFile } from '../objfile/types.js';
import { nearest } from '../text/nearest.js';
import { plainName } from './mangled.js';
import type { EntryFound, ExportedSymbol, ValidationFinding } from './types.js';

/** The first name of each list that the library exports as a function. */
export function findEntry(names: EntryNames, exports: readonly ExportedSymbol[]): EntryFound {
  const functions = new Set(exports.filter((symbol) => symbol.kind === 'function').map((symbol) => symbol.name));
  const first = (wanted: readonly string[]): string | null => wanted.find((name) => functions.has(name)) ?? null;
  return {
    getInterface: first(names.getInterface),
    init: first(names.init),
    update: first(names.update),
    shutdown: first(names.shutdown),
    saveState: first(names.saveState),
    loadState: first(names.loadState),
    view: first(names.view),
  };
}

/** HM305 where hotmod would have nothing to call: neither an interface, nor an update, nor an init. */
export function checkEntry(
  names: EntryNames,
  entry: EntryFound,
  exports: readonly ExportedSymbol[],
  file: ElfFile,
): readonly ValidationFinding[] {
  if (entry.getInterface !== null || entry.update !== null || entry.init !== null) return [];
  const wanted = [...names.getInterface, ...names.update, ...names.init];
  const message = `no entry is exported: looked for ${wanted.join(', ')}. ${explainAbsence(wanted, exports, file)}`;
  return [{ code: 'HM305', message, where: wanted[0] ?? '' }];
}

/** The likeliest cause, the surest first. */
function explainAbsence(wanted: readonly string[], exports: readonly ExportedSymbol[], file: ElfFile): string {
  const wrongKind = exports.find((symbol) => wanted.includes(symbol.name));
  if (wrongKind !== undefined) return `${wrongKind.name} is exported, but it is not a function.`;

  const hidden = file.symbols?.find(
    (symbol) => symbol.type === 'function' && symbol.defined && wanted.includes(symbol.name),
  );
  if (hidden !== undefined) {
    return `${hidden.name} is in the library but is not exported: it is static or hidden. Put MODULE_EXPORT before it.`;
  }
  const functions = exports.filter((symbol) => symbol.kind === 'function').map((symbol) => symbol.name);
  const mangled = functions.find((name) => wanted.includes(plainName(name) ?? ''));
  if (mangled !== undefined) {
    return `${plainName(mangled)} is exported under its C++ name ${mangled}: declare it extern "C".`;
  }
  for (const name of wanted) {
    const near = nearest(name, functions);
    if (near !== undefined) return `Nearest exported function: ${near} (for ${name}).`;
  }
  if (functions.length === 0) return 'The library exports no functions at all.';
  const some = functions.slice(0, 5).join(', ');
  return `Exported functions: ${some}${functions.length > 5 ? ` and ${functions.length - 5} more` : ''}.`;
}
