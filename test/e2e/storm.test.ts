import { rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTestSession, viewModule } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

/** `npm run storm` asks for 300; the seed in a failure's message repeats it. */
const edits = Number(process.env.HOTMOD_STORM_EDITS ?? 60);
const seed = Number(process.env.HOTMOD_STORM_SEED ?? Date.now() % 1_000_000);

/** xorshift32 (Marsaglia 2003): the same storm for the same seed. */
function randomFrom(start: number): (below: number) => number {
  let state = start | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test(`after a storm of ${edits} edits what runs is what is on disk (seed ${seed})`, { timeout: 600_000 }, async () => {
  const random = randomFrom(seed);
  const names = ['alpha', 'beta', 'gamma'];
  const disk = new Map(names.map((name) => [name, 0]));
  const history = new Map(names.map((name) => [name, [0]]));
  let shared = 0;
  await using dir = await tempDir({
    'modules/shared/shared.h': '#define SHARED 0\n',
    ...Object.fromEntries(names.map((name) => [`modules/${name}/${name}.c`, viewModule(name, 0)])),
  });
  await using running = await openTestSession(dir.path);
  const source = (name: string) => join(dir.path, 'modules', name, `${name}.c`);
  const header = join(dir.path, 'modules/shared/shared.h');
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  const save = async (name: string, value: number): Promise<void> => {
    disk.set(name, value);
    history.get(name)?.push(value);
    await writeFile(source(name), viewModule(name, value));
  };
  let next = 1;
  const kinds: readonly ((name: string) => Promise<void>)[] = [
    async (name) => save(name, next++),
    async (name) => {
      for (let n = 0; n < 5; n++) await save(name, next++);
    },
    async (name) => {
      const value = next++;
      await writeFile(`${source(name)}.new`, viewModule(name, value));
      await rename(`${source(name)}.new`, source(name));
      disk.set(name, value);
    },
    async (name) => {
      // Into the middle of the build that the first save starts.
      await save(name, next++);
      await pause(random(60));
      await save(name, next++);
    },
    async (name) => {
      const past = history.get(name) ?? [0];
      await save(name, past[random(past.length)] ?? 0);
    },
    async () => {
      shared = next++;
      await writeFile(header, `#define SHARED ${shared}\n`);
    },
    async (name) => {
      const now = new Date();
      await utimes(source(name), now, now);
    },
    async (name) => {
      await writeFile(source(name), 'this is not C;\n');
      await pause(random(80));
      await save(name, next++);
    },
    async (name) => {
      // Away and back before anybody can have finished building the first.
      const before = disk.get(name) ?? 0;
      await save(name, next++);
      await pause(random(30));
      await save(name, before);
    },
  ];

  const settled = async (): Promise<boolean> => {
    for (const name of names) {
      if ((await running.view(name)) !== `${disk.get(name)} ${shared}`) return false;
    }
    return true;
  };

  for (let n = 0; n < edits; n++) {
    const kind = kinds[random(kinds.length)];
    await kind?.(names[random(names.length)] ?? 'alpha');
    if (random(4) === 0) await waitFor(settled, `what runs to be what is on disk after edit ${n} (seed ${seed})`);
    else await pause(random(40));
  }
  await waitFor(settled, `what runs to be what is on disk in the end (seed ${seed})`);
  await running.session.idle();
  expect(await settled()).toBe(true);
  // Every module lived through the whole storm: it was loaded once and from then on reloaded.
  for (const name of names) {
    const outcomes = running.outcomes(name).map((event) => event.outcome);
    expect(outcomes.filter((outcome) => outcome === 'loaded')).toHaveLength(1);
    expect(outcomes).not.toContain('rolledBack');
    expect(outcomes).not.toContain('failed');
  }
  expect(running.events.filter((event) => event.type === 'host:crash')).toEqual([]);
});
