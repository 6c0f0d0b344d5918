import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The package's own folder; the same seen from `dist/` and, under test, from `src/`. */
export const packageRoot = fileURLToPath(new URL('..', import.meta.url));

/** The C headers that every module may include. */
export const publicHeadersDir = fileURLToPath(new URL('../modules/include', import.meta.url));

export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
  return typeof version === 'string' ? version : '';
}
