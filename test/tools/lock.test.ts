import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/paths.js';

interface Entry {
  readonly optional?: boolean;
  readonly engines?: unknown;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const lock: { readonly packages: Readonly<Record<string, Entry>> } = JSON.parse(
  readFileSync(join(packageRoot, 'package-lock.json'), 'utf8'),
);
const entries = Object.entries(lock.packages);

/** What to do where one of these fails: `node tools/complete-lock.cjs`, whose head says why. */
test('npm on an old Node leaves no native part of a tool out', () => {
  const limited = entries.filter(([, entry]) => entry.optional && entry.engines !== undefined);
  expect(limited.map(([key]) => key)).toEqual([]);
});

test('the native parts for every system are in the lock, wherever it was written', () => {
  const known = new Set(entries.map(([key]) => key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length)));
  const wanted = entries.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {}));
  expect(wanted.filter((name) => !known.has(name))).toEqual([]);
});
