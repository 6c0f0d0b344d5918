import { describe, expect, test } from 'vitest';
import { confirm } from '../../src/assess/confirm.js';
import type { Assessment } from '../../src/assess/types.js';
import type { Level } from '../../src/events/events.js';
import type { HookName, ModuleFacts } from '../../src/host/host.js';

function facts(hooks: readonly HookName[], changes: Partial<ModuleFacts> = {}): ModuleFacts {
  return { style: 'interface', name: 'counter', version: '1.0.0', apiVersion: 1, hooks, hasView: false, ...changes };
}

function assessment(level: Level, ...given: readonly string[]): Assessment {
  const reasons = given.map((code) => ({ level, code, message: 'as before', recommendation: '-', where: '' }));
  return { level, reasons, affected: ['traffic'] };
}

function codesOf(result: Assessment): readonly string[] {
  return [result.level, ...result.reasons.map((reason) => reason.code)];
}

const safe = assessment('SAFE', 'HM400');
const both = facts(['save_state', 'load_state']);

test('a verdict that holds comes back as it was', () => {
  expect(confirm(safe, both, both)).toBe(safe);
  expect(confirm(safe, null, facts([]))).toBe(safe);
});

describe('HM402', () => {
  test('blocks an interface of another api_version, at a first load too', () => {
    expect(codesOf(confirm(safe, both, facts(both.hooks, { apiVersion: 2 })))).toEqual(['BLOCKED', 'HM402']);
    expect(codesOf(confirm(safe, null, facts([], { apiVersion: 0 })))).toEqual(['BLOCKED', 'HM402']);
    expect(codesOf(confirm(safe, null, facts([]), 2))).toEqual(['BLOCKED', 'HM402']);
  });

  test('says nothing about plain functions, which have no such number', () => {
    expect(confirm(safe, null, facts([], { style: 'functions', apiVersion: 0 }))).toBe(safe);
  });
});

describe('HM405', () => {
  test('is found where the new version turns out to have no load_state', () => {
    expect(codesOf(confirm(safe, both, facts(['save_state'])))).toEqual(['UNSAFE', 'HM405']);
  });

  test('takes the place of what was only supposed before', () => {
    const result = confirm(assessment('WARNING', 'HM405', 'HM403'), both, facts([]));

    expect(codesOf(result)).toEqual(['UNSAFE', 'HM405', 'HM403']);
    expect(result.reasons[0]?.message).not.toBe('as before');
  });

  test('is nothing where the running version saves nothing', () => {
    expect(confirm(safe, facts(['load_state']), facts([]))).toBe(safe);
  });
});

test('a loss that was only supposed is forgotten when the hooks show that there is none', () => {
  expect(codesOf(confirm(assessment('WARNING', 'HM405'), facts(['save_state']), both))).toEqual(['SAFE', 'HM400']);
  expect(codesOf(confirm(assessment('WARNING', 'HM403', 'HM405'), both, both))).toEqual(['WARNING', 'HM403']);
});

describe('HM406', () => {
  const next = facts(['save_state', 'load_state'], { version: '2.0.0' });

  test('warns where the version differs, state is carried and nothing migrates it', () => {
    const result = confirm(safe, both, next);

    expect(codesOf(result)).toEqual(['WARNING', 'HM406']);
    expect(result.reasons[0]?.message).toContain('from 1.0.0 to 2.0.0');
    expect(result.affected).toEqual(['traffic']);
  });

  test('is nothing with migrate_state, with the same version, or where no state is carried', () => {
    const migrating = facts([...next.hooks, 'migrate_state'], { version: '2.0.0' });

    expect(confirm(safe, both, migrating)).toBe(safe);
    expect(confirm(safe, both, facts(both.hooks))).toBe(safe);
    expect(confirm(safe, facts([]), next)).toBe(safe);
    expect(confirm(safe, null, next)).toBe(safe);
  });

  test('comes after what is worse, and does not lower it', () => {
    expect(codesOf(confirm(assessment('UNSAFE', 'HM403'), both, next))).toEqual(['UNSAFE', 'HM403', 'HM406']);
  });
});
