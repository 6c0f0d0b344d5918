import { describe, expect, test } from 'vitest';
import { readOptions } from '../../src/bench/options.js';

const read = (...args: readonly string[]) => readOptions(args, ['c-small', 'sqlite'], ['pause', 'idle']);

describe('options of the bench', () => {
  test('are the comparison alone where nothing is named, and everything with --full', () => {
    expect(read()).toMatchObject({ works: ['c-small', 'sqlite'], measurements: [], mode: 'measure', rounds: null });
    expect(read('--full')).toMatchObject({ works: ['c-small', 'sqlite'], measurements: ['pause', 'idle'], full: true });
  });

  test('are what is named and no more', () => {
    expect(read('idle', '--full')).toMatchObject({ works: [], measurements: ['idle'] });
    expect(read('sqlite', '--check', '--rounds', '3')).toMatchObject({ works: ['sqlite'], mode: 'check', rounds: 3 });
  });

  test('profile one work where none is named', () => {
    expect(read('--profile')).toMatchObject({ works: ['c-small'], measurements: [], mode: 'profile' });
  });

  test('are only explained when that is asked for', () => {
    expect(read('--help')).toBeNull();
  });

  test.each([
    { args: ['--chek'], message: 'unknown option "--chek". Did you mean "--check"?' },
    { args: ['c-smal'], message: 'There is no measurement "c-smal". Did you mean "c-small"?' },
    { args: ['--rounds', 'many'], message: '--rounds is "many"; give a number of rounds, such as --rounds 20.' },
    { args: ['--rounds', '0'], message: '--rounds is "0"; give a number of rounds, such as --rounds 20.' },
    { args: ['--check', '--keep'], message: '--check and --keep exclude each other; run one, then the other.' },
    { args: ['pause', '--check'], message: '--check is about c-small, sqlite; leave out pause.' },
  ])('refuse $args with a way out', ({ args, message }) => {
    expect(() => read(...args)).toThrow(message);
  });
});
