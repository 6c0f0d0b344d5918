import { readFileSync, statSync } from 'node:fs';

/** A file as it was when it was loaded; null where there was none, `gone` for one that was replaced while it was loaded. */
type Stamps = ReadonlyMap<string, string | null>;

const gone = 'gone';

/** What decides which libraries a program is loaded with, beside its environment (ld.so(8), "FILES"). */
const loaderFiles = ['/etc/ld.so.cache', '/etc/ld.so.preload'];

/** Every file that a running process has mapped, its program and libraries, as they are on disk now. */
export function stampLoaded(pid: number): Stamps {
  const files = new Set(loaderFiles);
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const path = /^(?:\S+\s+){5}(\/.*)$/.exec(line)?.[1];
    if (path !== undefined) files.add(path);
  }
  return new Map([...files].map((path) => [path, path.endsWith(' (deleted)') ? gone : stampOf(path)]));
}

/** Whether a process that was loaded from these files would be the same if it were loaded now. */
export function isCurrent(stamps: Stamps): boolean {
  return [...stamps].every(([path, stamp]) => stampOf(path) === stamp);
}

function stampOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.ino}:${found.size}:${found.mtimeMs}`;
}
