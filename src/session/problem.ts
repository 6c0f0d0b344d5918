import { HotmodError, messageOf } from '../errors.js';

/** Anything that was thrown, as an event tells it: with its code and its way out. */
export function problemOf(error: unknown): { readonly code: string; readonly message: string } {
  const code = error instanceof HotmodError ? error.code : 'HM599';
  const hint = error instanceof HotmodError && error.hint !== '' ? ` ${error.hint}` : '';
  return { code, message: `${messageOf(error)}${hint}` };
}
