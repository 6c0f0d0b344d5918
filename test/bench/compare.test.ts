import { expect, test } from 'vitest';
import { inTurns, measure } from '../../src/bench/compare/measure.js';
import { ownRatios } from '../../src/bench/compare/ratios.js';
import { comparisonData } from '../../src/bench/compare/results.js';
import { comparisonTable } from '../../src/bench/compare/tables.js';
import { works } from '../../src/bench/compare/works.js';
import { tableText } from '../../src/bench/table.js';

test('contestants take turns, another one first in each round, and rounds in doubt do not count', async () => {
  const order: string[] = [];
  let text = 0;
  const contestant = (name: string) => ({
    name,
    async run(given: string) {
      order.push(`${name}${given}`);
      return { ms: Number(given), ...(name === 'a' && Number(given) < 3 ? { doubt: 'cold' } : {}) };
    },
  });
  const samples = await inTurns([contestant('a'), contestant('b')], { rounds: 2, warmUp: 1 }, () => `${++text}`);
  expect(order).toEqual(['a1', 'b2', 'b3', 'a4', 'a5', 'b6', 'b7', 'a8']);
  expect([...samples].map(([name, list]) => [name, list.map(({ ms }) => ms)])).toEqual([
    ['a', [5, 8]],
    ['b', [6, 7]],
  ]);
});

test('a small C file is compiled by the plain command, by build tools and by hotmod, whose time is told by phases', async () => {
  const [small] = works;
  if (small === undefined) throw new Error('there is no work');
  const measured = await measure({ ...small, warmUp: 1, rivals: ['plain', 'make'], variants: [] }, 1, process.env);
  expect([...measured.samples.keys()]).toEqual(['plain', 'make', 'hotmod']);
  const [own] = measured.samples.get('hotmod') ?? [];
  const { 'all but the tools': rest = 0, 'first event to compiler': _, ...phases } = own?.phases ?? {};
  const sum = Object.values(phases).reduce((total, ms) => total + ms, 0);
  expect(sum).toBeCloseTo(own?.ms ?? 0, 6);
  expect(rest).toBeGreaterThan(0);
  expect(rest).toBeLessThan(own?.ms ?? 0);
  expect(Object.keys(ownRatios(measured))).toEqual(['c-small: hotmod / plain']);

  const text = tableText(comparisonTable(measured));
  expect(text).toContain('plain: clang -shared -fPIC -g -O0 work.c -o lib.so');
  expect(text).toMatch(/hotmod \(goal: 0\.5 p50, 0\.7 p95\) +\d+\.\d +\d+\.\d +\d+\.\d\d +\d+\.\d\d/);
  expect(comparisonData(measured)).toMatchObject({
    work: 'c-small',
    base: 'plain',
    contestants: [
      { name: 'plain', each: [expect.any(Number)], ratio: { p50: 1, p95: 1 } },
      { name: 'make' },
      { name: 'hotmod', phases: { detect: { each: [expect.any(Number)] }, linker: { p50: expect.any(Number) } } },
    ],
  });
}, 60_000);
