import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EventOf } from '../../src/events/events.js';
import { openTestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

test('what a new configuration changes is named setting by setting', async () => {
  const file = 'hotmod.config.json';
  await using dir = await tempDir({ 'modules/m/m.c': 'void m_update(double dt) { (void)dt; }\n', [file]: '{}' });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  const changed = async (settings: object): Promise<readonly string[]> => {
    await writeFile(join(dir.path, file), JSON.stringify(settings));
    await running.session.refresh();
    await running.session.idle();
    const applied = running.events.filter(
      (event): event is EventOf<'config:applied'> => event.type === 'config:applied',
    );
    return applied.at(-1)?.changed ?? [];
  };
  expect(await changed({ reload: { defer: { maxWaitMs: 5 } } })).toEqual(['reload.defer']);
  expect(await changed({ reload: { defer: { maxWaitMs: 5 }, onConflict: 'ask' } })).toEqual(['reload.onConflict']);
  expect(await changed({ reload: { defer: { maxWaitMs: 5 }, onConflict: 'ask' }, host: { standby: true } })).toEqual([
    'host.standby',
  ]);
});
