import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { check, judgementText } from '../../src/bench/compare/check.js';
import { readKept, withMeasured, writeKept } from '../../src/bench/compare/kept.js';
import type { Measured } from '../../src/bench/compare/measure.js';
import { judge, ownRatios, type Ratios } from '../../src/bench/compare/ratios.js';
import { tempDir } from '../helpers/temp-dir.js';

const row = 'c-small: hotmod / plain';
const ratios = (p50: number, name = row): Ratios => ({ [name]: { p50, p95: p50 * 1.2, rounds: 10 } });
const never = async (): Promise<Ratios> => {
  throw new Error('nothing was to be measured again');
};

function measured(plain: readonly number[], own: readonly number[]): Measured {
  const samples = (each: readonly number[]) => each.map((ms) => ({ ms }));
  return {
    work: 'c-small',
    title: 'a file',
    command: 'clang',
    rounds: plain.length,
    base: 'plain',
    goal: null,
    samples: new Map([
      ['plain', samples(plain)],
      ['make', samples(plain)],
      ['hotmod', samples(own)],
    ]),
  };
}

describe('ratios', () => {
  test('are those of single rounds, so that a machine that slows down changes nothing', () => {
    expect(ownRatios(measured([100, 200, 400], [50, 100, 200]))).toEqual({ [row]: { p50: 0.5, p95: 0.5, rounds: 3 } });
  });

  test('are kept of hotmod alone', () => {
    expect(Object.keys(ownRatios(measured([100], [50])))).toEqual([row]);
  });
});

test('there is none where nothing to compare with is installed', () => {
  expect(ownRatios({ ...measured([], [50]), base: '' })).toEqual({});
});

describe('the check against kept ratios', () => {
  test.each([
    { by: 16, verdict: 'regressed' },
    { by: 14, verdict: 'held' },
    { by: -14, verdict: 'held' },
    { by: -16, verdict: 'better' },
  ])('says of a ratio that is $by % higher that it is $verdict', ({ by, verdict }) => {
    expect(judge(ratios(0.5), ratios(0.5 * (1 + by / 100)))).toMatchObject([{ row, verdict }]);
  });

  test('fails for a regression that shows each time it is measured', async () => {
    const said: string[] = [];
    const again: (readonly string[])[] = [];
    const { regressed, judgements } = await check(
      ratios(0.5),
      ratios(0.6),
      async (rows) => {
        again.push(rows);
        return ratios(0.58);
      },
      (text) => said.push(text),
    );
    expect(regressed).toBe(true);
    expect(again).toEqual([[row], [row]]);
    expect(said[0]).toContain(`Measured again before it counts (1 of 2): ${row}`);
    expect(judgements.map(judgementText)).toEqual([
      `REGRESSED     ${row}: 0.580, kept 0.500 (+16.0 %); more than 15 % slower.`,
    ]);
  });

  test('passes where the row is as it was when it is measured once more', async () => {
    const { regressed, judgements } = await check(
      ratios(0.5),
      ratios(0.9),
      async () => ratios(0.51),
      () => undefined,
    );
    expect(regressed).toBe(false);
    expect(judgements).toMatchObject([{ verdict: 'held', measured: 0.51 }]);
  });

  test('says of a row that was not measured, and of one that was never kept', async () => {
    const other = 'project: hotmod / ninja';
    const { regressed, judgements } = await check(ratios(0.5, other), ratios(0.5), never, () => undefined);
    expect(regressed).toBe(false);
    expect(judgements.map(judgementText)).toEqual([
      `not kept      ${row}: 0.500; --keep keeps it.`,
      `NOT MEASURED  ${other}: kept as 0.500, and nothing was measured to compare with it.`,
    ]);
  });
});

describe('the file of kept ratios', () => {
  const here = { machine: 'a machine', compiler: 'a compiler' };

  test('has what was written to it, and keeps rows that were not measured this time', async () => {
    await using dir = await tempDir();
    const file = join(dir.path, 'ratios.json');
    expect(await readKept(file)).toBeNull();
    await writeKept(file, withMeasured(null, { ...here, ratios: ratios(0.5) }));
    await writeKept(
      file,
      withMeasured(await readKept(file), { ...here, ratios: ratios(0.7, 'sqlite: hotmod / plain') }),
    );
    const kept = await readKept(file);
    expect(Object.entries(kept?.ratios ?? {}).map(([name, { p50 }]) => [name, p50])).toEqual([
      [row, 0.5],
      ['sqlite: hotmod / plain', 0.7],
    ]);
  });

  test('lets rows go that were measured on another machine', () => {
    const before = { ...here, machine: 'another', ratios: ratios(0.5, 'sqlite: hotmod / plain') };
    expect(Object.keys(withMeasured(before, { ...here, ratios: ratios(0.5) }).ratios)).toEqual([row]);
  });

  test('is not taken for an empty one where it is damaged', async () => {
    await using dir = await tempDir();
    const file = join(dir.path, 'ratios.json');
    await writeFile(file, '{"machine":');
    await expect(readKept(file)).rejects.toThrow(/ratios\.json cannot be read .* take it from the last commit/);
  });
});
