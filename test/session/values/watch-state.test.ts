import { describe, expect, test } from 'vitest';
import type { EventOf } from '../../../src/events/events.js';
import { calculator } from '../../helpers/calculator.js';
import { openTestSession, type TestSession } from '../../helpers/session.js';
import { tempDir, writeFiles } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';

const source = 'modules/calc/calc.c';

function states({ events }: TestSession): readonly EventOf<'module:state'>[] {
  return events.filter((event): event is EventOf<'module:state'> => event.type === 'module:state');
}

const shown = (event: EventOf<'module:state'> | undefined, path: string) =>
  event?.values.find((one) => one.path === path)?.value;

/** Waits until the state was looked at twice more: what had to be said was said by then. */
async function looks({ session, bus }: TestSession): Promise<void> {
  for (let n = 0; n < 2; n++) {
    const seen = bus.next('host:stats');
    await session.step(1);
    await seen;
  }
}

describe('watching the state of a module', () => {
  test('emits values where one changed, marks them for one look, and nothing else', async () => {
    await using dir = await tempDir({ [source]: calculator.replace('tick(); }', 'if (add(1, 1) == 3) tick(); }') });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    const { session } = running;
    const end = session.live(5);
    await looks(running);
    expect(states(running)).toEqual([]);

    session.watchState('calc');
    await waitFor(() => states(running).length === 1, 'the first values');
    await looks(running);
    expect(states(running)).toHaveLength(1);
    expect(states(running)[0]).toMatchObject({ module: 'calc', changed: [] });

    await session.call({ module: 'calc', function: 'hello', args: { text: ['world'] } });
    await waitFor(() => states(running).length >= 2, 'a change');
    expect(states(running)[1]).toMatchObject({ changed: ['hello::text'] });
    expect(shown(states(running)[1], 'hello::text')).toBe('hello world');
    await waitFor(() => states(running).length >= 3, 'the end of the marks');
    await looks(running);
    expect(states(running)[2]).toMatchObject({ changed: [] });
    expect(states(running)).toHaveLength(3);

    session.watchState(null);
    await session.call({ module: 'calc', function: 'hello', args: { text: ['again'] } });
    await looks(running);
    expect(states(running)).toHaveLength(3);
    end();
  });

  test('goes on through a reload with a new field, and through a crash', async () => {
    await using dir = await tempDir({ [source]: calculator });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    const { session } = running;
    const end = session.live(5);
    session.watchState('calc');
    await session.step(3);
    await waitFor(() => shown(states(running).at(-1), 'frames') === 3, 'three frames');

    await writeFiles(dir.path, {
      [source]: calculator.replace('struct point { int x;', 'struct point { int x; int fresh;'),
    });
    session.request(['calc']);
    await session.idle();
    await waitFor(() => states(running).some((one) => one.changed.includes('points[3].fresh')), 'the new field');
    expect(shown(states(running).at(-1), 'frames')).toBe(3);

    await writeFiles(dir.path, {
      [source]: calculator
        .replace('frames++;', 'frames++; if (frames == 6) look_at(0);')
        .replace('static void tick', 'int look_at(int *where);\nstatic void tick'),
    });
    session.request(['calc']);
    await session.idle();
    await session.step(10);
    await session.idle();
    await session.step(1);
    await waitFor(() => Number(shown(states(running).at(-1), 'frames')) >= 4, 'values after the crash');
    expect(running.events.filter((event) => event.type === 'host:crash')).toHaveLength(1);
    expect(states(running).at(-1)?.problem).toBeUndefined();
    end();
  });

  test('says why there is nothing to see', async () => {
    await using dir = await tempDir({
      [source]: calculator,
      'modules/broken/broken.c': 'int broken_init(void) { return x; }',
    });
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    const end = running.session.live(5);
    running.session.watchState('broken');
    await waitFor(() => states(running).length > 0, 'an answer');
    expect(states(running)[0]).toMatchObject({ module: 'broken', values: [], problem: 'broken does not run.' });
    await looks(running);
    expect(states(running)).toHaveLength(1);
    end();
  });
});
