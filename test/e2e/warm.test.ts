import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive, startDev } from '../helpers/cli.js';
import { counterSource } from '../helpers/host-modules.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

/** Tools that the process keeps loaded: its children that were started to take runs. */
function loadedBy(pid: number | undefined): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const mine = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1] === String(pid);
      return mine && readFileSync(`/proc/${name}/environ`, 'utf8').includes('HOTMOD_FORK_SERVER=')
        ? [Number(name)]
        : [];
    } catch {
      return [];
    }
  });
}

test('edits are built by tools that stay loaded, and those are gone when the session is killed', async () => {
  await using dir = await tempDir({ 'modules/counter/counter.c': counterSource() });
  await using dev = startDev(dir.path);
  await dev.wait('session:idle');
  const pids = await waitFor(
    () => (loadedBy(dev.child.pid).length === 2 ? loadedBy(dev.child.pid) : null),
    'both tools',
  );
  // Until both are ready the plain commands build.
  for (let edit = 1; !dev.events.some((event) => event.type === 'build:done' && event.warm === true); edit++) {
    const seen = dev.events.length;
    await writeFile(join(dir.path, 'modules/counter/counter.c'), `${counterSource()}int edit${edit};\n`);
    await waitFor(() => dev.events.slice(seen).some((event) => event.type === 'reload:done'), 'the reload');
  }
  dev.child.kill('SIGKILL');
  await dev.ended();
  for (const pid of pids) await waitFor(() => !isAlive(pid), `process ${pid} to be gone`);
});

test('with build.warm false nothing stays loaded', async () => {
  await using dir = await tempDir({
    'modules/counter/counter.c': counterSource(),
    'hotmod.config.json': '{"build":{"warm":false}}',
  });
  await using dev = startDev(dir.path);
  await dev.wait('session:idle');
  await writeFile(join(dir.path, 'modules/counter/counter.c'), `${counterSource()}int edit;\n`);
  await waitFor(() => dev.events.filter((event) => event.type === 'reload:done').length === 2, 'the reload');
  const done = dev.events.filter((event) => event.type === 'build:done');
  expect(done.map((event) => event.warm)).toEqual([false, false]);
  expect(loadedBy(dev.child.pid)).toEqual([]);
});
