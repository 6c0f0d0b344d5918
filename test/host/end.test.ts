import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { isAlive } from '../../src/files/owner.js';
import { HostGone } from '../../src/host/host.js';
import { counterSource, engineForTests, entryOf, openBench, until } from '../helpers/host-modules.js';

test('exit() in a module ends the host, and the end names the module, its generation and the call', async () => {
  await using bench = await openBench();
  await bench.load('quitter', counterSource({ body: 'if (count == 3) { printf("bye\\n"); exit(0); }' }), 4);
  await expect(bench.host.step(10, 1 / 60)).rejects.toBeInstanceOf(HostGone);
  expect(await bench.host.ended).toMatchObject({
    expected: false,
    how: 'exit',
    module: 'quitter',
    generation: 4,
    call: 'update',
    frames: 2,
  });
  expect(bench.lines).toEqual([{ stream: 'stdout', module: 'quitter', text: 'bye' }]);
});

test('_exit(), which runs no handler, is recognised too', async () => {
  await using bench = await openBench();
  await bench.load(
    'quitter',
    counterSource({ body: '_exit(3);', extra: '#include <unistd.h>' }).replace(
      '#include <stdio.h>',
      '#include <stdio.h>\n#include <unistd.h>',
    ),
  );
  await expect(bench.host.step(1, 1 / 60)).rejects.toBeInstanceOf(HostGone);
  expect(await bench.host.ended).toMatchObject({ how: 'exit', module: 'quitter', call: 'update' });
});

test('an endless loop is noticed and the host is ended, naming the module', async () => {
  await using bench = await openBench({ hangTimeoutMs: 300 });
  await bench.load('stuck', counterSource({ body: 'for (volatile int n = 0; count == 2; n = n + 1) {}' }));
  await expect(bench.host.step(5, 1 / 60)).rejects.toBeInstanceOf(HostGone);
  expect(await bench.host.ended).toMatchObject({
    expected: false,
    how: 'hang',
    module: 'stuck',
    call: 'update',
    frames: 1,
  });
});

test('a constructor that crashes ends the host, and the end names the module', async () => {
  await using bench = await openBench();
  const source = `#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { abort(); }\nvoid early_update(double t) { (void)t; }`;
  await expect(bench.stage('early', source)).rejects.toBeInstanceOf(HostGone);
  expect(await bench.host.ended).toMatchObject({ how: 'SIGABRT', module: 'early', call: 'dlopen' });
});

test('a crash on a thread of a module ends the host with the right signal and names the module', async () => {
  await using bench = await openBench();
  const extra = `
#include <pthread.h>
static void *fall(void *unused) { (void)unused; volatile int *nowhere = 0; *nowhere = 1; return 0; }
static int begin(const module_config_t *c) { (void)c; pthread_t t; return pthread_create(&t, 0, fall, 0); }`;
  await bench.stage('threads', counterSource({ extra, hooks: { init: 'begin' } }));
  await bench.host.commit({ modules: ['threads'] }).catch(() => undefined);
  expect(await bench.host.ended).toMatchObject({ how: 'SIGSEGV', module: 'threads', call: 'thread' });
});

test('close shuts modules down in reverse order of loading, ends the process and removes its folder', async () => {
  await using bench = await openBench();
  const leaving = { extra: 'static void leave(void) { printf("left"); }', hooks: { shutdown: 'leave' } };
  await bench.load('first', counterSource(leaving));
  await bench.load('second', counterSource(leaving));
  await bench.host.close();
  expect(await bench.host.ended).toMatchObject({ expected: true, how: 'code 0', module: '' });
  expect(bench.lines.map((line) => line.module)).toEqual(['second', 'first']);
  await expect(access(bench.options.runDir)).rejects.toThrow();
});

test('a parent that is killed leaves no process and no file behind, even while a module hangs', async () => {
  await using bench = await openBench();
  const library = await bench.compile('stuck', counterSource({ body: 'for (;;) {}' }));
  const runDir = join(bench.dir, 'orphan');
  const lock = join(bench.dir, 'lock');
  await writeFile(lock, '');
  // A build command of the parent, in a process group of its own as the build starts it.
  const command = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
  await mkdir(join(runDir, 'groups'), { recursive: true });
  await writeFile(join(runDir, 'groups', String(command.pid)), '');
  // One that has ended by itself, and is listed first, keeps no other from being ended.
  await writeFile(join(runDir, 'groups', '0999999999'), '');
  const commandEnded = once(command, 'exit');
  const script = join(bench.dir, 'parent.mjs');
  const client = fileURLToPath(new URL('../../dist/host/client.js', import.meta.url));
  const settings = {
    engineLibrary: await engineForTests(),
    runDir,
    cleanUp: [lock],
    copiesFile: join(bench.dir, 'copies'),
    rate: 60,
    stepped: false,
    hangTimeoutMs: 600_000,
    recovery: { probationFrames: 0, restart: { max: 0, withinMs: 10_000 }, frameCopies: true, frameCopyLimit: 32 },
    groupsDir: join(runDir, 'groups'),
    baseEnv: {},
    env: {},
  };
  await writeFile(
    script,
    `import { openHost } from ${JSON.stringify(client)};
const host = await openHost({ ...${JSON.stringify(settings)}, listener: { output() {}, fault() {} } });
await host.stage({ module: 'stuck', generation: 1, library: ${JSON.stringify(library)}, entry: ${JSON.stringify(entryOf('stuck'))} });
await host.commit({ modules: ['stuck'] });
host.step(1, 0.01).catch(() => {});
console.log(host.pid);
setInterval(() => {}, 1000);`,
  );
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const text = await new Promise<string>((resolve) => parent.stdout.once('data', (data) => resolve(String(data))));
  const pid = Number(text.trim());
  try {
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
    await commandEnded;
    expect(await readdir(bench.dir)).not.toContain('orphan');
    expect(await readdir(bench.dir)).not.toContain('lock');
    expect(await readdir(bench.dir)).not.toContain('copies');
  } finally {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
});

test('an engine that is not there is an error with a way out', async () => {
  await expect(openBench({ engineLibrary: '/nonexistent/libhotmod_engine.so' })).rejects.toMatchObject({
    code: 'HM512',
  });
});
