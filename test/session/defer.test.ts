import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EventOf } from '../../src/events/events.js';
import { openTestSession, type TestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const source = 'modules/loader/loader.c';

/** Begins a critical section in its second frame and ends it in its sixth. */
const loader = (step: number, end = 6): string => `
#include "module_interface.h"
int total;
int frames;
void loader_update(double dt) {
  (void)dt;
  frames++;
  if (frames == 2) module_begin_critical("streaming a level");
  if (frames == ${end}) module_end_critical();
  total += ${step};
}
`;

function deferred({ events }: TestSession): readonly EventOf<'reload:deferred'>[] {
  return events.filter((event): event is EventOf<'reload:deferred'> => event.type === 'reload:deferred');
}

async function total({ session }: TestSession): Promise<unknown> {
  const { values } = await session.inspect({ module: 'loader', path: 'total', elements: 1, follow: 0 });
  return values[0]?.value;
}

describe('a critical section', () => {
  test('puts a reload off until it ends, without a frame of the new version before', async () => {
    await using dir = await tempDir({ [source]: loader(1) });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    const { session } = running;
    await session.step(3);
    await writeFile(join(dir.path, source), loader(100));
    session.request(['loader']);
    await session.idle();
    expect(deferred(running)).toMatchObject([
      { module: 'loader', reasons: [expect.stringContaining('critical section (streaming a level)')] },
    ]);
    expect(running.outcomes('loader')).toHaveLength(1);

    await session.step(3);
    await waitFor(() => running.outcomes('loader').length === 2, 'the reload after the section');
    expect(running.outcomes('loader')[1]).toMatchObject({ outcome: 'reloaded', generation: 2 });
    await session.step(1);
    expect(await total(running)).toBe(106);
  });

  test('is waited for with the newest save only', async () => {
    await using dir = await tempDir({ [source]: loader(1) });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    const { session } = running;
    await session.step(3);
    for (const step of [100, 1000]) {
      await writeFile(join(dir.path, source), loader(step));
      session.request(['loader']);
      await session.idle();
    }
    await session.step(3);
    await waitFor(() => running.outcomes('loader').length === 2, 'the reload after the section');
    await session.idle();
    await session.step(1);
    expect(await total(running)).toBe(1006);
    expect(running.outcomes('loader')).toHaveLength(2);
  });

  test('is not waited for by force', async () => {
    await using dir = await tempDir({ [source]: loader(1) });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    const { session } = running;
    await session.step(3);
    await writeFile(join(dir.path, source), loader(100));
    session.request(['loader'], { acceptUnsafe: true, force: true });
    await session.idle();
    expect(running.outcomes('loader')[1]).toMatchObject({ outcome: 'reloaded' });
  });
});

describe('a limit of the configuration', () => {
  test('is waited for as long as it says, and then no longer', async () => {
    const config = { reload: { defer: { minFreeMemory: 1e12, maxWaitMs: 150 } } };
    await using dir = await tempDir({ [source]: loader(1), 'hotmod.config.json': JSON.stringify(config) });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true, start: false });
    running.session.request(['loader']);
    await waitFor(() => deferred(running).length > 0, 'a reload that waits');
    expect(deferred(running)[0]?.reasons[0]).toContain('MB of memory are free');
    await waitFor(() => running.outcomes('loader').length === 1, 'a reload after the wait');
    expect(running.outcomes('loader')[0]).toMatchObject({ outcome: 'loaded' });
  });
});
