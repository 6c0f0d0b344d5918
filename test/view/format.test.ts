import { describe, expect, test } from 'vitest';
import { paint } from '../../src/view/ansi.js';
import { diagnosticLines } from '../../src/view/diagnostic.js';
import {
  formatBytes,
  formatCount,
  formatMs,
  formatPhases,
  formatState,
  percentile,
  sparkline,
} from '../../src/view/format.js';
import { glyphsFor, verdictMark } from '../../src/view/glyphs.js';
import { seg } from '../../src/view/line.js';
import { speedError } from '../helpers/view-events.js';

const glyphs = glyphsFor(true);

describe('numbers for people', () => {
  test('milliseconds keep about two significant places and turn into seconds at a thousand', () => {
    expect([0.412, 2.94, 9.96, 61.2, 999.4, 999.6, 1249, 61_000].map(formatMs)).toEqual([
      '0.41 ms',
      '2.9 ms',
      '10 ms',
      '61 ms',
      '999 ms',
      '1.0 s',
      '1.2 s',
      '61 s',
    ]);
    expect(formatMs(Number.NaN)).toBe('-');
  });

  test('bytes use powers of 1024 and counts are grouped', () => {
    expect([0, 1023, 1024, 1_572_864].map(formatBytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.5 MiB']);
    expect([7, 1234, 1_234_567].map(formatCount)).toEqual(['7', '1,234', '1,234,567']);
  });

  test('phases stand in the order they run and those that did not run are left out', () => {
    expect(formatPhases({ total: 92, pause: 0.41, build: 61 })).toBe('build 61, pause 0.41');
  });

  test('a state summary names only what happened', () => {
    expect(formatState({ bytes: 1228, kept: 12, converted: 3, reset: 0, dropped: 0 })).toBe(
      '1.2 KiB carried, 12 kept, 3 converted',
    );
    expect(formatState({ bytes: 0, kept: 0, converted: 0, reset: 0, dropped: 0 })).toBe('');
  });

  test('percentiles are values that occurred, by nearest rank', () => {
    const values = [5, 1, 4, 2, 3, 10, 9, 8, 7, 6];
    expect(percentile(values, 50)).toBe(5);
    expect(percentile(values, 95)).toBe(10);
    expect(percentile([3], 50)).toBe(3);
    expect(percentile([], 50)).toBeUndefined();
  });

  test('a sparkline shows the newest values from zero to the highest', () => {
    expect(sparkline([100, 0, 50, 100], 3, glyphs)).toBe('▁▅█');
    expect(sparkline([0, 0], 5, glyphs)).toBe('▁▁');
    expect(sparkline([], 5, glyphs)).toBe('');
  });
});

describe('signs and colours', () => {
  test('every level has a shape of its own, in ASCII too', () => {
    const levels = ['SAFE', 'WARNING', 'UNSAFE', 'BLOCKED'] as const;
    expect(levels.map((level) => verdictMark(level, glyphs))).toEqual(['✓ SAFE', '! WARNING', '✗ UNSAFE', '■ BLOCKED']);
    const ascii = levels.map((level) => verdictMark(level, glyphsFor(false)));
    expect(new Set(ascii.map((mark) => mark[0])).size).toBe(4);
    expect(ascii.join('')).toMatch(/^[ -~]+$/);
  });

  test('a line has escape sequences exactly where colour is asked for', () => {
    const line = [seg('a', 'bad'), seg('b')];
    expect(paint(line, false)).toBe('ab');
    expect(paint(line, true)).toBe('\u001b[31ma\u001b[39mb');
  });
});

describe('compiler messages', () => {
  test('the head has the form of compilers and the frame follows once', () => {
    expect(diagnosticLines(speedError)).toEqual([
      "modules/traffic/traffic.c:41:9: error: use of undeclared identifier 'speedd'; did you mean 'speed'?",
      '    car->x += speedd * dt;',
      '              ^~~~~~',
      '              speed',
    ]);
  });

  test('unknown places are left out and notes missing from the rendered text are added', () => {
    const note = { file: 'a.h', line: 3, column: 5, message: 'declared here' };
    expect(diagnosticLines({ ...speedError, file: '', rendered: '', message: 'no input', notes: [note] })).toEqual([
      'error: no input',
      'a.h:3:5: note: declared here',
    ]);
    expect(diagnosticLines({ ...speedError, line: 0, column: 0, rendered: '' })[0]).toMatch(
      /^modules.traffic.traffic\.c: error: /,
    );
  });
});
