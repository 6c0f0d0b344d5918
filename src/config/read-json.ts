import { exitCode, HotmodError, messageOf } from '../errors.js';

/**
 * JSON.parse with the place of the mistake as `file:line:column`.
 *
 * @throws HotmodError with `code`
 */
export function parseJson(text: string, file: string, code = 'HM101'): unknown {
  refuseBinary(text, file, code);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new HotmodError(code, `${file}${placeOf(messageOf(error), text)} is not valid JSON: ${reasonOf(error)}.`, {
      hint: 'JSON has double quotes around every key and text, no comments, and no comma after the last entry.',
      exitCode: exitCode.usage,
      cause: error,
    });
  }
}

/** @throws HotmodError where the file holds a NUL byte or is not UTF-8, as no text file does. */
export function refuseBinary(text: string, file: string, code: string): void {
  const zero = text.indexOf('\0');
  if (zero < 0 && !text.includes('\uFFFD')) return;
  throw new HotmodError(code, `${file} is not a text file: it holds bytes that are no UTF-8 text.`, {
    hint: 'Restore the file from version control, or delete it and run `hotmod init`.',
    exitCode: exitCode.usage,
  });
}

/** V8 names the place as "at position N", or, at the end of the text, not at all. */
function placeOf(message: string, text: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  const offset = position === undefined ? text.length : Number(position);
  const before = text.slice(0, offset).split('\n');
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

/** Without V8's own place and without its excerpt, which may run over several lines. */
function reasonOf(error: unknown): string {
  const [first = ''] = messageOf(error).split('\n');
  return first.replace(/ in JSON at position.*$/, '').replace(/, (?:\.\.\.)?".*$/, '');
}
