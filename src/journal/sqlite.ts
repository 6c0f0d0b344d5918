import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

export type { DatabaseSync, StatementSync } from 'node:sqlite';

/**
 * Opens a database. `node:sqlite` is loaded on first use: Node 22 warns that it is experimental as soon as it is
 * loaded, which tells a user of hotmod nothing.
 *
 * @param path a file, `:memory:`, or a `file:` URI.
 * @throws what SQLite says; `damageOf` and `codeOf` tell what kind of failure it is.
 */
export function openDatabase(path: string, options: { readonly readOnly: boolean }): DatabaseSync {
  const { DatabaseSync } = withoutItsWarning(() => process.getBuiltinModule('node:sqlite'));
  return new DatabaseSync(path, { readOnly: options.readOnly, timeout: busyTimeoutMs });
}

/**
 * Opens a database file without writing anything, beside it either: a reader of a file in WAL mode leaves its companions
 * behind. Where nobody has it open there is no WAL, and it can be read as it lies there, on a read-only disk as well
 * (sqlite.org/uri.html, "immutable").
 */
export function openUntouched(file: string): DatabaseSync {
  return openDatabase(untouchedUri(file), { readOnly: true });
}

/** The same as a name for ATTACH. */
export function untouchedUri(file: string): string {
  return `${pathToFileURL(file).href}?${existsSync(`${file}-wal`) ? 'mode=ro' : 'immutable=1'}`;
}

/** A reader never waits for a writer in WAL mode; two writers there are only by mistake. */
const busyTimeoutMs = 500;

/** SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html); the low byte is the primary code. */
const damageCodes: ReadonlySet<number> = new Set([11, 26]);

/** Whether an error says that the file itself is damaged, and not that it cannot be reached or written. */
export function isDamage(error: unknown): boolean {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    damageCodes.has(error.errcode & 0xff)
  );
}

/** Keeps this one warning from the terminal; all others pass, also those that come while it is being loaded. */
function withoutItsWarning<T>(load: () => T): T {
  const emit = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    const text = typeof warning === 'string' ? warning : warning.message;
    if (!text.startsWith('SQLite is an experimental feature')) Reflect.apply(emit, process, [warning, ...rest]);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emit;
  }
}
