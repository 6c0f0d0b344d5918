import { expect, test } from 'vitest';
import { manyModules } from '../helpers/many-modules.js';
import { openTestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

test('modules that started beside each other when the host ended by nobody’s call start one by one, all of them', async () => {
  const { names, files } = manyModules(40);
  await using dir = await tempDir(files);
  await using running = await openTestSession(dir.path, { watch: false, stepped: true, start: false });
  const { session, bus, events } = running;
  // None of them is in a call for long enough to be taken for the reason.
  const first = bus.next('reload:done').then(() => process.kill(session.context.host.pid, 'SIGKILL'));
  session.request(names);
  await first;
  await session.idle();
  expect(events.filter((event) => event.type === 'host:crash')).toMatchObject([{ module: '' }]);
  expect(session.context.startsAlone).toBe(true);
  const { modules } = await session.context.host.stats();
  expect(modules.filter((one) => one.running)).toHaveLength(names.length);
});
