import { describe, expect, test } from 'vitest';
import type { ModuleDependency } from '../../src/config/resolved.js';
import { findMissing, type Neighbour } from '../../src/session/needs.js';
import { resolvedModule } from '../helpers/elf-request.js';

function codes(dependency: Partial<ModuleDependency>, neighbour: Neighbour | null): readonly string[] {
  const wanted = { name: 'mixer', version: '*', optional: false, ...dependency };
  const neighbours = new Map(neighbour === null ? [] : [['mixer', neighbour]]);
  return findMissing({ ...resolvedModule('player'), dependencies: [wanted] }, neighbours).map((one) => one.code);
}

describe('what a module needs', () => {
  test('is there where it runs in a version of the range', () => {
    expect(codes({}, { version: '0.0.0', runs: true })).toEqual([]);
    expect(codes({ version: '^1.2.0' }, { version: '1.9.3', runs: true })).toEqual([]);
    expect(codes({ version: '>=1.0.0' }, { version: '2.0.0-beta.1', runs: true })).toEqual([]);
  });

  test('is missing where the project does not have it, or in another version', () => {
    expect(codes({}, null)).toEqual(['HM311']);
    expect(codes({ version: '^1.2.0' }, { version: '2.0.0', runs: true })).toEqual(['HM311']);
    expect(codes({ version: '^1.2.0' }, { version: '2.0.0', runs: false })).toEqual(['HM311']);
  });

  test('is waited for where it does not run yet', () => {
    expect(codes({}, { version: '0.0.0', runs: false })).toEqual(['HM312']);
  });

  test('may be missing where it is optional, but not run in another version', () => {
    expect(codes({ optional: true }, null)).toEqual([]);
    expect(codes({ optional: true }, { version: '0.0.0', runs: false })).toEqual([]);
    expect(codes({ optional: true, version: '^1.0.0' }, { version: '2.0.0', runs: false })).toEqual([]);
    expect(codes({ optional: true, version: '^1.0.0' }, { version: '2.0.0', runs: true })).toEqual(['HM311']);
  });
});
