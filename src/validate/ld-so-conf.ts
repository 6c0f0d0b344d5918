import { dirname, join, resolve } from 'node:path';
import { namesIn } from '../files/names-in.js';
import { textIn } from '../files/text-in.js';

/**
 * Library folders from an ld.so.conf (ldconfig(8)): one folder a line, `#` comments, `include` with shell patterns
 * relative to the including file, `hwcap` lines and `=TYPE` suffixes of old, which mean nothing here. A missing file
 * is an empty one, as it is for the loader.
 */
export function readLdSoConf(file: string): readonly string[] {
  return readConf(file, new Set());
}

/** @param seen files already read, so that files which include each other end. */
function readConf(file: string, seen: Set<string>): readonly string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  return textIn(file)
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .flatMap((line) => {
      const [word = '', ...rest] = line.split(/\s+/);
      if (word === 'include') {
        return rest.flatMap((pattern) => expand(resolve(dirname(file), pattern)).flatMap((one) => readConf(one, seen)));
      }
      return word.startsWith('/') ? [word.replace(/=.*/, '')] : [];
    });
}

/** Files that an absolute shell pattern matches, sorted as glob(3) sorts them. */
function expand(pattern: string): readonly string[] {
  return pattern
    .split('/')
    .slice(1)
    .reduce<readonly string[]>(
      (folders, part) => {
        if (!/[*?[]/.test(part)) return folders.map((folder) => join(folder, part));
        const matcher = patternOf(part);
        return folders.flatMap((folder) =>
          namesIn(folder)
            .filter((name) => matcher.test(name))
            .sort()
            .map((name) => join(folder, name)),
        );
      },
      ['/'],
    );
}

/** Shell wildcards as a regular expression; a leading dot must be written out. */
function patternOf(part: string): RegExp {
  const body = part
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^');
  const closed = body.includes(']') ? body : body.replaceAll('[', '\\[');
  return new RegExp(`^${part.startsWith('.') ? '' : '(?!\\.)'}${closed}$`);
}
