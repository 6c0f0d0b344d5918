import { existsSync, renameSync } from 'node:fs';

/** What SQLite keeps beside a database in WAL mode; only together with it can anything still be saved from it. */
const companions = ['', '-wal', '-shm'];

/**
 * Moves a damaged journal out of the way, never over anything.
 *
 * @returns its new name: `<file>.damaged-<n>`.
 * @throws what the file system says.
 */
export function moveAside(file: string): string {
  let number = 1;
  while (companions.some((end) => existsSync(`${file}.damaged-${number}${end}`))) number += 1;
  const aside = `${file}.damaged-${number}`;
  for (const end of companions) if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${aside}${end}`);
  return aside;
}
