import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openJournalReader } from '../../src/journal/open-reader.js';
import type { Phase } from '../../src/journal/types.js';
import { isAlive, runCli, startDev, startPlainDev } from '../helpers/cli.js';
import { counting } from '../helpers/going-back.js';
import { tempProject } from '../helpers/temp-project.js';
import { waitFor } from '../helpers/wait-for.js';

/** Hangs are the test's own means here, so nothing may end them. */
const patient = { 'hotmod.config.json': JSON.stringify({ host: { hangTimeoutMs: 600_000 } }) };

/** A version whose `save_state` never returns: the commit that replaces it hangs. */
const neverSaves = `#include <unistd.h>
static long count;
void m_update(double dt) { (void)dt; count++; }
int m_save_state(void **data, unsigned long *size) { (void)data; (void)size; for (;;) pause(); }
int m_load_state(const void *data, unsigned long size) { (void)data; (void)size; return 0; }
`;
/** A version whose constructor never returns: loading it hangs. */
const neverLoads = `#include <unistd.h>
${counting(2)}
__attribute__((constructor)) static void wait_for_ever(void) { for (;;) pause(); }
`;

/** Starts on `first`, saves `second`, and kills the conductor when its journal has come to that phase. */
async function killedIn(phase: Phase, first: string, second: string): Promise<string> {
  const root = await tempProject({ 'modules/m/m.c': first, ...patient });
  await using dev = startDev(root);
  await dev.wait('session:idle');
  const host = await dev.wait('host:up');
  await writeFile(join(root, 'modules/m/m.c'), second);
  await waitFor(() => {
    using reader = openJournalReader(join(root, '.hotmod/history.db'), 5);
    const [entry] = reader?.entries({ module: 'm', limit: 1 }) ?? [];
    return entry?.generation === 2 && entry.phase === phase && entry.outcome === null;
  }, `phase ${phase} in the journal`);
  const gone = once(dev.child, 'close');
  dev.child.kill('SIGKILL');
  await gone;
  // A host whose thread hangs inside a library may be unable to end by itself.
  if (isAlive(host.pid)) process.kill(host.pid, 'SIGKILL');
  await waitFor(() => !isAlive(host.pid), 'the end of the host');
  return root;
}

test('a conductor killed while a library is loaded: the next session says what was being done, and that nothing was switched', async () => {
  const root = await killedIn('intent', counting(1), neverLoads);
  expect((await runCli(root, ['history', 'm'])).stdout).toMatch(/#2 .*under way/);
  await writeFile(join(root, 'modules/m/m.c'), counting(3));
  await using next = startDev(root);
  const told = await next.wait('journal:interrupted');
  expect(told).toMatchObject({ phase: 'intent', modules: [{ module: 'm', generation: 2, from: 1 }] });
  expect(told.message).toBe(
    'The last session ended while it reloaded m #2, before it was decided: nothing was switched. m #1 ran before.',
  );
  expect(await next.wait('reload:done')).toMatchObject({ outcome: 'loaded', generation: 3 });
  expect(next.stderr()).toBe('');
  expect((await runCli(root, ['history', 'm'])).stdout).toMatch(/#3 .*runs.*#2 .*interrupted.*#1 .*loaded/s);
});

test('a conductor killed in the middle of a commit: the next session says that it was decided, once', async () => {
  const root = await killedIn('decided', neverSaves, neverSaves.replace('count++', 'count += 2'));
  {
    await using next = startDev(root);
    const told = await next.wait('journal:interrupted');
    expect(told).toMatchObject({ phase: 'decided', transaction: 't2' });
    expect(told.message).toContain('after the decision: whether it was switched is not known.');
    await next.wait('session:idle');
  }
  expect((await runCli(root, ['history', 'm'])).stdout).toContain('interrupted after the decision');
  const plain = startPlainDev(root);
  await waitFor(() => plain.stdout().includes('loaded'), 'a loaded module');
  plain.child.kill('SIGTERM');
  await plain.ended();
  expect(plain.stdout()).not.toContain('The last session ended');
});
