import { exitCode, HotmodError, messageOf } from '../errors.js';
import { copyInMemory } from './copy.js';
import { readerOn } from './journal.js';
import { lookAt } from './look.js';
import { openUntouched } from './sqlite.js';
import { schemaVersion } from './tables.js';
import type { JournalReader } from './types.js';

/**
 * Opens a journal for reading alone, beside a session that may be writing it, or without one.
 *
 * @returns null where there is none yet.
 * @throws HotmodError HM560 where it is damaged, HM561 where it is of a newer hotmod, HM562 where it cannot be read.
 */
export function openJournalReader(file: string, keep: number): JournalReader | null {
  const condition = lookAt(file);
  switch (condition.kind) {
    case 'empty':
      return null;
    case 'damaged':
      throw unreadable('HM560', `The journal ${file} is damaged (${condition.why}).`);
    case 'newer':
      throw unreadable('HM561', `The journal ${file} is of a newer hotmod (form ${condition.version}).`);
    case 'unreachable':
      throw unreadable('HM562', `The journal ${file} cannot be read: ${condition.why}.`);
    case 'sound':
  }
  // One of an earlier form is brought to this one by the next session that writes it.
  const db = condition.version === schemaVersion ? openUntouched(file) : copyInMemory(file);
  const reader = readerOn(
    (read) => {
      try {
        return read(db);
      } catch (error) {
        throw unreadable('HM560', `The journal ${file} is damaged (${messageOf(error)}).`);
      }
    },
    () => keep,
  );
  return { ...reader, [Symbol.dispose]: () => db.close() };
}

function unreadable(code: string, message: string): HotmodError {
  return new HotmodError(code, message, {
    hint: 'The next session says what becomes of it; nothing in it is lost.',
    exitCode: exitCode.missing,
  });
}
