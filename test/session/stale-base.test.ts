import { expect, test } from 'vitest';
import { layLibrary } from '../helpers/laid-library.js';

/** The field in front moves the count, so that a plan made for another version would read the wrong bytes. */
const source = (field: string, body = ''): string =>
  `struct s { ${field} long count; }; static struct s s; void m_update(double dt) { (void)dt; s.count++; ${body} }`;

test('a version that crashes while the next one is being prepared goes back, and the next one is compared with what runs', async () => {
  const { running, edit, value } = await layLibrary(source(''));
  const { session, bus } = running;
  for (let round = 0; round < 5; round++) {
    await session.step(10);
    const count = Number(await value('s.count'));
    const crash = `if (s.count > ${count}) *(volatile int *)0 = 1;`;
    const bad = await edit(source('long in_front[3];', crash));
    expect(bad.outcome).toBe('reloaded');
    const before = running.outcomes('m').length;
    const off = bus.on((event) => {
      if (event.type === 'validate:done') void session.context.host.step(1, 1 / 60);
    });
    const next = edit(source('long other[5];'));
    await bus.next('validate:done');
    off();
    await next;
    const outcomes = running.outcomes('m').slice(before);
    expect(outcomes.map((one) => one.outcome).sort()).toEqual(['reloaded', 'rolledBack']);
    const reloaded = outcomes.find((one) => one.outcome === 'reloaded');
    expect(reloaded?.from).toBe(bad.from);
    expect(await value('s.count')).toBe(count);
    // Back to the first, by an ordinary reload.
    await session.step(130);
    await edit(source(''));
    expect(await value('s.count')).toBe(count + 130);
  }
});
