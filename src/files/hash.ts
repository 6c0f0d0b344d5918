import { hash } from 'node:crypto';

/**
 * The one content hash of the project: watching, the build's cache and generation names compare what it returns, so
 * they must all call this. SHA-256 cut to 128 bits, as hex.
 */
export function contentHash(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex').slice(0, 32);
}
