import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pruneEntries } from '../../src/build/cache/contents.js';
import { unwrapEntry } from '../../src/build/cache/entry-file.js';
import { storeFolder, temporaryFolder } from '../../src/build/cache/store.js';
import { packageRoot } from '../../src/paths.js';
import { type DevProcess, runCli, startDev } from '../helpers/cli.js';
import { counterSource } from '../helpers/host-modules.js';
import { testCacheDir } from '../helpers/session.js';
import { entriesOf } from '../helpers/shared-cache.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const plain = { 'modules/counter/counter.c': counterSource(), 'hotmod.config.json': '{"build":{"flags":["-g0"]}}' };

/** A cache folder that no project has used; what hotmod itself has compiled is in it, as it takes long to compile. */
async function emptyCache() {
  const dir = await tempDir();
  for (const name of ['engine', 'warm']) {
    mkdirSync(join(testCacheDir, name), { recursive: true });
    symlinkSync(join(testCacheDir, name), join(dir.path, name));
  }
  return dir;
}

async function look(cwd: string, cache: string) {
  const { code, stdout } = await runCli(cwd, ['cache', '--json'], { HOTMOD_CACHE: cache });
  expect(code).toBe(0);
  const read: unknown = JSON.parse(stdout);
  return read as {
    hits: number;
    stored: number;
    entries: { objects: number; libraries: number };
    bytes: number;
    dir: string;
  };
}

function problemsOf(dev: DevProcess): readonly string[] {
  return dev.events.flatMap((event) => (event.type === 'session:problem' ? [event.code] : []));
}

describe('the cache of all projects', () => {
  test('is filled by a session, found by one in a clone, shown, and cleared', async () => {
    await using dir = await emptyCache();
    await using first = await tempDir(plain);
    await using clone = await tempDir(plain);
    {
      await using dev = startDev(first.path, [], { HOTMOD_CACHE: dir.path });
      await dev.wait('session:idle');
      await waitFor(async () => (await look(first.path, dir.path)).stored === 2, 'object and library to be stored');
      expect(problemsOf(dev)).toEqual([]);
    }
    {
      await using dev = startDev(clone.path, [], { HOTMOD_CACHE: dir.path });
      await dev.wait('reload:done', (event) => event.outcome === 'loaded');
      await waitFor(
        async () => (await look(clone.path, dir.path)).stored === 3,
        'the library of the clone to be stored',
      );
      dev.child.kill('SIGTERM');
      await dev.ended();
    }
    expect(await look(clone.path, dir.path)).toMatchObject({
      hits: 1,
      stored: 3,
      entries: { objects: 1, libraries: 2 },
      dir: dir.path,
    });
    const shown = await runCli(clone.path, ['cache'], { HOTMOD_CACHE: dir.path });
    expect(shown.stdout).toMatch(
      /^place {4}\S+\nsize {5}[\d.]+ MB of 100 MB\nentries {2}1 objects of 1 sources, 2 libraries\nhits {5}1 \(25 % of 4 asked for\), 3 stored\n$/,
    );
    const pruned = await runCli(clone.path, ['cache', 'prune'], { HOTMOD_CACHE: dir.path });
    expect(pruned.stdout).toMatch(/^removed {2}0\.0 MB\nplace /);
    const cleared = await runCli(clone.path, ['cache', 'clear', '--json'], { HOTMOD_CACHE: dir.path });
    expect(JSON.parse(cleared.stdout)).toMatchObject({ bytes: 0, entries: { objects: 0 } });
    expect((await look(clone.path, dir.path)).bytes).toBe(0);
  });

  test('serves two sessions that start at once', async () => {
    await using dir = await emptyCache();
    await using one = await tempDir(plain);
    await using other = await tempDir(plain);
    for (let round = 0; round < 2; round++) {
      await using a = startDev(one.path, [], { HOTMOD_CACHE: dir.path });
      await using b = startDev(other.path, [], { HOTMOD_CACHE: dir.path });
      for (const dev of [a, b]) {
        expect((await dev.wait('reload:done')).outcome).toBe('loaded');
        expect(problemsOf(dev)).toEqual([]);
      }
      await waitFor(
        async () => (await look(one.path, dir.path)).entries.libraries === 2,
        'both libraries to be stored',
      );
      for (const dev of [a, b]) {
        dev.child.kill('SIGTERM');
        await dev.ended();
      }
      for (const root of [one.path, other.path]) await rm(join(root, '.hotmod'), { recursive: true, force: true });
    }
    expect((await look(one.path, dir.path)).hits).toBe(4);
  });

  test('is off where it has no room', async () => {
    await using dir = await emptyCache();
    await using project = await tempDir(plain);
    await using dev = startDev(project.path, [], { HOTMOD_CACHE: dir.path, HOTMOD_CACHE_LIMIT: '0' });
    await dev.wait('session:idle');
    dev.child.kill('SIGTERM');
    await dev.ended();
    expect(await look(project.path, dir.path)).toMatchObject({ stored: 0, hits: 0, bytes: 0 });
  });

  test('holds only whole entries however often a writer is killed', async () => {
    await using dir = await emptyCache();
    const store = pathToFileURL(join(packageRoot, 'dist/build/cache/store.js')).href;
    const script = `
      const { openCacheStore } = await import(${JSON.stringify(store)});
      const store = openCacheStore(${JSON.stringify(dir.path)}, () => process.exit(1));
      for (let n = 0; ; n++) {
        const name = (n % 50).toString(16).padStart(32, '0');
        await store.write('objects', name, Buffer.alloc(200_000, n));
        if (n % 10 === 0) process.stdout.write('.');
      }`;
    for (let kill = 0; kill < 12; kill++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let dots = 0;
      child.stdout.on('data', (data: Buffer) => {
        dots += data.length;
      });
      await waitFor(() => dots > kill, 'it to write');
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    }
    const entries = entriesOf(dir.path);
    expect(entries.length).toBeGreaterThan(10);
    for (const entry of entries) expect(unwrapEntry(readFileSync(entry)), entry).toBeDefined();
    // What they left half-written goes after a while.
    await pruneEntries(dir.path, 1e9, Date.now() + 7_200_000);
    expect(entriesOf(dir.path).length).toBe(entries.length);
    expect(readdirSync(join(dir.path, storeFolder, temporaryFolder))).toEqual([]);
  });
});

describe('a launcher that is not there', () => {
  test('ends dev with HM229 and a way out, and doctor has a line about it', async () => {
    await using project = await tempDir({
      'modules/counter/counter.c': counterSource(),
      'hotmod.config.json': '{"build":{"launcher":["ccache-of-nowhere","-x"]}}',
    });
    const dev = await runCli(project.path, ['dev', '--json']);
    expect(dev.code).toBe(3);
    expect(dev.stderr).toContain('The launcher "ccache-of-nowhere" of the config was not found. [HM229]');
    expect(dev.stderr).toContain('remove `build.launcher`');
    const doctor = await runCli(project.path, ['doctor', '--json']);
    expect(doctor.code).toBe(3);
    const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; status: string; detail: string }[] };
    expect(checks.find((check) => check.name === 'launcher')).toMatchObject({
      status: 'missing',
      detail: expect.stringContaining('HM229'),
    });
    // One that is there has its line too.
    const there = await runCli(project.path, ['doctor', '--json'], { HOTMOD_LAUNCHER: '/usr/bin/env -u NOTHING' });
    expect(there.code).toBe(0);
    expect(there.stdout).toContain('"detail":"/usr/bin/env -u NOTHING');
  });
});
