import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/paths.js';
import { isAlive, startDev } from '../helpers/cli.js';
import { counterSource } from '../helpers/host-modules.js';
import { testCacheDir } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

test('a build command and what it started are gone when the session is killed', async () => {
  const command = 'sleep 1000 & echo $! > grandchild; echo $$ > child; wait';
  await using dir = await tempDir({
    'modules/counter/counter.c': counterSource(),
    'modules/slow/module.json': JSON.stringify({ build: { command, output: 'out.so' } }),
  });
  await using dev = startDev(dir.path);
  const pids = await waitFor(async () => {
    const texts = await Promise.all(
      ['grandchild', 'child'].map((name) => readFile(join(dir.path, 'modules/slow', name), 'utf8').catch(() => '')),
    );
    const numbers = texts.map(Number);
    return numbers.every((pid) => pid > 0) ? numbers : null;
  }, 'the command to start');
  const { pid: hostPid } = await dev.wait('host:up');
  dev.child.kill('SIGKILL');
  await dev.ended();
  for (const pid of [...pids, hostPid]) await waitFor(() => !isAlive(pid), `process ${pid} to be gone`);
});

const leave = 'static void leave(void) { printf("leaving\\n"); fflush(stdout); for (volatile int n = 1; n; ) {} }';
const hangsInShutdown = {
  'modules/counter/counter.c': counterSource({ extra: leave, hooks: { shutdown: 'leave' } }),
  'hotmod.config.json': '{"host":{"hangTimeoutMs":600000}}',
};

test('a second signal ends at once with 130 while a module hangs in shutdown, and leaves no process', async () => {
  await using dir = await tempDir(hangsInShutdown);
  await using dev = startDev(dir.path);
  const { pid: hostPid } = await dev.wait('host:up');
  await dev.wait('session:idle');
  dev.child.kill('SIGINT');
  await dev.wait('host:output', (event) => event.text === 'leaving');
  // What comes right after the first signal counts as its echo, so it is sent until it is heard.
  await waitFor(() => {
    dev.child.kill('SIGINT');
    return dev.child.exitCode !== null;
  }, 'the end');
  expect(await dev.ended()).toBe(130);
  // It ended by force: a clean end would have said so.
  expect(dev.events.map((event) => event.type)).not.toContain('session:end');
  await waitFor(() => !isAlive(hostPid), 'the host to be gone');
});

test('a second Ctrl+C in the terminal UI does the same', async ({ skip }) => {
  await using dir = await tempDir(hangsInShutdown);
  const line = `stty cols 100 rows 30; exec '${process.execPath}' '${join(packageRoot, 'bin/hotmod.js')}' --cwd '${dir.path}' --ui ink dev`;
  // script(1) of util-linux gives it a terminal and ends as it ends.
  const giver = 'script';
  const terminal = spawn(giver, ['-qec', line, '/dev/null'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, HOTMOD_CACHE: testCacheDir, TERM: 'xterm-256color' },
  });
  const ended = once(terminal, 'exit').catch(() => skip('script(1) is not installed here'));
  let shown = '';
  terminal.stdout.on('data', (data) => {
    shown += data;
  });
  await Promise.race([ended, waitFor(() => shown.includes('running'), 'the module to run')]);
  terminal.stdin.write('\u0003');
  await waitFor(() => shown.includes('Ctrl+C again'), 'the offer to end at once');
  terminal.stdin.write('\u0003');
  expect((await ended)[0]).toBe(130);
});
