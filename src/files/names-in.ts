import { readdirSync } from 'node:fs';

/** Names of what lies in a folder; none where it cannot be read, or is none. */
export function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
