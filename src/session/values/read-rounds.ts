import { maxReadBytes, type ReadRange } from '../../host/host.js';
import { FetchedMemory } from '../../values/memory.js';
import type { Context } from '../context.js';

/**
 * What `decode` makes of a module's memory. What it finds missing is read and it is asked again, until nothing is
 * missing or there were `mostRounds` further readings.
 */
export async function decodeInRounds<T>(
  context: Context,
  module: string,
  mostRounds: number,
  decode: (memory: FetchedMemory) => T,
): Promise<T> {
  const memory = new FetchedMemory();
  let decoded = decode(memory);
  for (let round = 0; round < mostRounds; round++) {
    const wanted = memory.takeWanted();
    if (wanted.length === 0) break;
    const ranges = withinOneReading(wanted.map((range): ReadRange => ({ from: 'memory', ...range })));
    const more = await context.host.read({ module, ranges });
    for (const [n, range] of wanted.entries()) memory.add(range, more.bytes[n] ?? null);
    decoded = decode(memory);
  }
  return decoded;
}

/** What a single reading may give; the rest is not shown. */
export function withinOneReading(ranges: readonly ReadRange[]): readonly ReadRange[] {
  let left = maxReadBytes;
  return ranges.map((range) => {
    const size = Math.min(range.size, left);
    left -= size;
    return { ...range, size };
  });
}
