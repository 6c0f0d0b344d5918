import { statSync } from 'node:fs';
import { messageOf } from '../errors.js';
import { isDamage, openUntouched } from './sqlite.js';
import { applicationId, schemaVersion } from './tables.js';

/** What a journal file is good for, found without writing to it. */
export type Condition =
  /** There is none, or one that was only just begun. */
  | { readonly kind: 'empty' }
  /** `version` is the form it has: this one or an earlier one. */
  | { readonly kind: 'sound'; readonly version: number }
  | { readonly kind: 'damaged'; readonly why: string }
  | { readonly kind: 'newer'; readonly version: number }
  /** Nothing can be said about it: no right to read it, a folder in its place. */
  | { readonly kind: 'unreachable'; readonly why: string };

/** Looks at the whole file, so that a page that was damaged years ago is found now and not in the middle of a reload. */
export function lookAt(file: string): Condition {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined || (stats.isFile() && stats.size === 0)) return { kind: 'empty' };
    if (!stats.isFile()) return { kind: 'unreachable', why: 'it is not a file' };
    return lookInside(file);
  } catch (error) {
    const why = messageOf(error);
    return isDamage(error) ? { kind: 'damaged', why } : { kind: 'unreachable', why };
  }
}

function lookInside(file: string): Condition {
  using db = openUntouched(file);
  const number = (pragma: string): number => Number(Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
  const version = number('user_version');
  const tables = Number(db.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.count);
  if (version === 0 && tables === 0) return { kind: 'empty' };
  if (number('application_id') !== applicationId) return { kind: 'damaged', why: 'it is not a journal of hotmod' };
  if (version > schemaVersion) return { kind: 'newer', version };
  const [wrong] = db.prepare('PRAGMA quick_check(1)').all();
  const said = String(Object.values(wrong ?? {})[0] ?? '');
  return said === 'ok' ? { kind: 'sound', version } : { kind: 'damaged', why: said };
}
