import { expect, test } from 'vitest';
import { randomNumbers, randomPair } from '../helpers/random-structs.js';
import { twoBuilds } from '../helpers/two-builds.js';

/** What a field of the old struct holds must be in the field of that name afterwards, whatever else changed around it. */
for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`random structs keep every field that both builds have (seed ${seed})`, async () => {
    const random = randomNumbers(seed);
    const { before, after, leaves, added } = randomPair(random);
    await using both = await twoBuilds(before, after);
    const expected = new Map<string, bigint | number>();
    for (const { path, bits, signed, float } of leaves) {
      const raw = BigInt(Math.floor(random() * 2 ** 30)) * 7919n;
      const value = float ? Number(raw % 1000n) / 2 : signed ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw);
      both.old.set(path, value);
      expected.set(path, value);
    }
    expect(both.transfer()).toEqual([]);
    const wrong = [...expected].filter(([path, value]) => Number(both.now.get(path)) !== Number(value));
    expect(wrong).toEqual([]);
    expect(added.filter((path) => Number(both.now.get(path)) !== 0)).toEqual([]);
  });
}
