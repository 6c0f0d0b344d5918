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

test('another target than the session was started with is refused, and the session goes on as it is', async () => {
  const file = 'hotmod.config.json';
  const source = (step: number) => `int n;\nvoid m_update(double dt) { (void)dt; n += ${step}; }\n`;
  await using dir = await tempDir({ 'modules/m/m.c': source(1), [file]: '{}' });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  const refresh = async (name: string, text: string): Promise<void> => {
    await writeFile(join(dir.path, name), text);
    await running.session.refresh();
    await running.session.idle();
  };
  await refresh(file, JSON.stringify({ target: 'macos-arm64', build: { defines: ['OTHER'] } }));
  const rejected = running.events.find(
    (event): event is EventOf<'config:rejected'> => event.type === 'config:rejected',
  );
  expect(rejected).toMatchObject({ code: 'HM127', message: expect.stringContaining('macos-arm64') });
  // Nor is anything else of that configuration taken.
  expect(running.session.context.config.target.name).toBe('native');
  expect(running.session.context.config.modules[0]?.build.flags ?? []).not.toContain('-DOTHER');
  await refresh('modules/m/m.c', source(10));
  expect(running.outcomes('m').map(({ outcome }) => outcome)).toEqual(['loaded', 'reloaded']);
  await refresh(file, '{}');
  const told = running.events.filter(({ type }) => type === 'config:rejected' || type === 'config:applied');
  expect(told.at(-1)?.type).toBe('config:applied');
});
