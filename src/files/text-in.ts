import { readFileSync, statSync } from 'node:fs';

/**
 * The text of a file; empty where there is none, or it cannot be read. Looked for first, because most that are asked for are
 * not there, and an error costs more than a look; and because reading a pipe would wait for whoever writes it.
 */
export function textIn(path: string): string {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}
