import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Tried } from '../../../src/control/protocol.js';
import { openTestSession, type TestSession } from '../../helpers/session.js';
import { tempDir } from '../../helpers/temp-dir.js';

const source = 'modules/world/world.c';

interface Variant {
  readonly gain?: number;
  readonly field?: string;
  readonly extra?: string;
}

/** Adds to a sum on the heap and in a variable. */
const world = ({ gain = 1, field = '', extra = '' }: Variant): string => `
#include <stdio.h>
#include <stdlib.h>
static struct { int frames; ${field} long sum; int same; } g;
static long *heap;
void world_update(double dt) {
  (void)dt;
  if (heap == NULL) heap = calloc(1, sizeof *heap);
  g.frames++;
  *heap += ${gain};
  g.sum = *heap;
  ${extra}
}
`;

/** Runs ten frames of the first, changes to the second, and tries the first beside it. */
async function tried(first: Variant, second: Variant, frames = 100): Promise<{ result: Tried; running: TestSession }> {
  const dir = await tempDir({ [source]: world(first) });
  onTestFinished(() => dir[Symbol.asyncDispose]());
  const running = await openTestSession(dir.path, { watch: false, stepped: true });
  const { session } = running;
  await session.step(10);
  await writeFile(join(dir.path, source), world(second));
  session.request(['world']);
  await session.idle();
  return { result: await session.tryVersions({ module: 'world', to: null, frames, dt: 1 / 60 }), running };
}

async function sumOf({ session }: TestSession): Promise<unknown> {
  const { values } = await session.inspect({ module: 'world', path: 'g.sum', elements: 1, follow: 0 });
  return values[0]?.value;
}

describe('two versions side by side', () => {
  test('begin with the same state, heap included, and the program does not notice', async () => {
    const { result, running } = await tried({ gain: 1 }, { gain: 5 });
    await using session = running;
    expect(result).toMatchObject({
      a: { generation: 2, outcome: 'done', frames: 100 },
      b: { generation: 1, outcome: 'done', frames: 100 },
    });
    expect(result.differences).toEqual([{ path: 'g.sum', a: 510, b: 110, frame: expect.any(Number) }]);
    expect(result.differences[0]?.frame).toBeLessThanOrEqual(100 / result.looks + 1);
    expect(await sumOf(session)).toBe(10);
    await session.session.step(1);
    expect(await sumOf(session)).toBe(15);
  });

  test('that do the same do not differ, also where their layouts do', async () => {
    const { result, running } = await tried({}, { field: 'double between;' });
    await using _ = running;
    expect(result.differences).toEqual([]);
    expect(result.a.update?.median).toBeGreaterThan(0);
    expect(result.b.update?.low).toBeLessThanOrEqual(result.b.update?.median ?? 0);
  });

  test('where one crashes, it is said, and nothing else crashes', async () => {
    const { result, running } = await tried({ extra: 'if (g.frames == 50) *(volatile int *)0 = 1;' }, {});
    await using session = running;
    expect(result.a.outcome).toBe('done');
    expect(result.b).toMatchObject({ outcome: 'crashed', frames: 39, problem: expect.stringContaining('SIGSEGV') });
    await session.session.step(60);
    expect(session.events.filter((event) => event.type === 'host:crash')).toEqual([]);
  });

  test('where one ends its process, only its copy ends', async () => {
    const { result, running } = await tried({ extra: 'if (g.frames == 30) exit(3);' }, {});
    await using session = running;
    expect(result.b.outcome).toBe('unfinished');
    expect(result.a.outcome).toBe('done');
    await session.session.step(1);
    expect(session.events.filter((event) => event.type === 'host:crash')).toEqual([]);
  });

  test('what they print is dropped', async () => {
    const { running } = await tried({ extra: 'if (g.frames > 12) puts("spoken");' }, {});
    await using session = running;
    await session.session.step(1);
    expect(session.events.filter((event) => event.type === 'host:output')).toEqual([]);
  });

  test('leave no process and no file behind', async () => {
    const { running } = await tried({}, { gain: 2 });
    await using session = running;
    for (let n = 0; n < 20; n++) await session.session.tryVersions({ module: 'world', to: 1, frames: 5, dt: 0.01 });
    expect((await session.session.context.host.stats()).keptImages).toBe(0);
  });
});
