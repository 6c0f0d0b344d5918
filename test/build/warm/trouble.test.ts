import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { killAllBuilds } from '../../../src/build/groups.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';
import { clang, fakeClang, openWarm, prepare, type TestWarmTools, toolRequest } from '../../helpers/warm.js';

/** `npm run storm` asks for 200. */
const runs = Number(process.env.HOTMOD_WARM_RUNS ?? 40);

function compile(dir: string, name: string) {
  writeFileSync(join(dir, `${name}.c`), `#include <stdio.h>\nint ${name}(void) { return puts("${name}"); }\n`);
  return toolRequest(clang, ['-g', '-c', `${name}.c`, '-o', `${name}.o`], { cwd: dir, makes: join(dir, `${name}.o`) });
}

function processOf({ tools }: TestWarmTools) {
  const [process] = [...tools.ready().values()];
  if (process === undefined) throw new Error('no tool is ready');
  return process;
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Says where it is, then waits for ever; with a child that does the same. */
const waiting = `#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
  (void)argc;
  fork();
  char name[4096];
  snprintf(name, sizeof name, "%s/pid-%d", argv[1], getpid());
  fclose(fopen(name, "w"));
  for (;;) pause();
}
`;

const pidsIn = (dir: string): number[] =>
  readdirSync(dir).flatMap((name) => (name.startsWith('pid-') ? [Number(name.slice(4))] : []));

interface Killing {
  readonly started: number;
  readonly killed: number;
  readonly fallbacks: number;
  readonly warmRuns: number;
}

/** Compiles, three at a time, while `goOn` says so, and kills the loaded compiler again and again; every object must be right. */
async function runAndKill(warm: TestWarmTools, goOn: (so: Killing) => boolean): Promise<Killing> {
  await using dir = await tempDir();
  await prepare(warm, clang);
  let so: Killing = { started: 0, killed: 0, fallbacks: 0, warmRuns: 0 };
  const one = async (name: string, delay: number): Promise<void> => {
    const running = warm.run(compile(dir.path, name));
    const [ready] = warm.tools.ready().values();
    if (ready !== undefined && delay < 30) {
      so = { ...so, killed: so.killed + 1 };
      setTimeout(() => isAlive(ready.pid) && process.kill(ready.pid, 'SIGKILL'), delay);
    }
    const result = await running;
    expect(result).toMatchObject({ exitCode: 0, signal: '', output: '' });
    expect(readFileSync(join(dir.path, `${name}.o`), 'latin1')).toContain(name);
    if (result.fallback !== undefined) so = { ...so, fallbacks: so.fallbacks + 1 };
    if (result.warm === true) so = { ...so, warmRuns: so.warmRuns + 1 };
  };
  const worker = async (): Promise<void> => {
    while (goOn(so)) {
      const number = so.started;
      so = { ...so, started: number + 1 };
      await one(`unit${number}`, (number * 7) % 60);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  return so;
}

describe('a loaded tool', () => {
  test('is not waited for: until it is ready the plain command is used', async () => {
    await using dir = await tempDir();
    await using warm = openWarm();
    expect(await warm.run(compile(dir.path, 'first'))).toMatchObject({ exitCode: 0 });
    expect(warm.plain).toHaveLength(1);
    await waitFor(() => warm.tools.ready().size === 1, 'the compiler to be loaded');
    expect(await warm.run(compile(dir.path, 'second'))).toMatchObject({ exitCode: 0, warm: true });
    expect(warm.plain).toHaveLength(1);
  });

  test('does many runs at once, each with its own answer', async () => {
    await using dir = await tempDir();
    await using warm = openWarm();
    await prepare(warm, clang);
    const names = Array.from({ length: 24 }, (_, n) => `unit${n}`);
    const results = await Promise.all(names.map((name) => warm.run(compile(dir.path, name))));
    expect(results.every((one) => one.exitCode === 0 && one.warm === true)).toBe(true);
    for (const name of names) expect(readFileSync(join(dir.path, `${name}.o`), 'latin1')).toContain(name);
    expect(warm.plain).toEqual([]);
  });

  test(`loses nothing when it is killed again and again during ${runs} runs`, async () => {
    await using warm = openWarm({ maxFailures: Number.POSITIVE_INFINITY });
    const { killed, fallbacks, warmRuns } = await runAndKill(warm, ({ started }) => started < runs);
    expect(killed).toBeGreaterThan(3);
    expect(fallbacks).toBeGreaterThan(3);
    expect(warmRuns).toBeGreaterThan(3);
    expect(warm.problems).toEqual([]);
  });

  test('is given up where it fails five times within a minute', async () => {
    await using warm = openWarm();
    await runAndKill(warm, ({ started }) => warm.problems.length === 0 && started < 1000);
    expect(warm.problems).toEqual([
      { code: 'HM221', message: expect.stringContaining('failed 5 times within a minute') },
    ]);
    await waitFor(() => warm.tools.ready().size === 0, 'the last process to be gone');
    await using dir = await tempDir();
    const result = await warm.run(compile(dir.path, 'after'));
    expect(result).toEqual({ exitCode: 0, signal: '', startError: '', output: '', cancelled: false, tooLongMs: 0 });
  });

  test('that stands still is ended, with what it runs, and the plain command is used', async () => {
    await using dir = await tempDir();
    await using warm = openWarm({ stallMs: 400 });
    await prepare(warm, clang);
    const { pid } = processOf(warm);
    process.kill(pid, 'SIGSTOP');
    const result = await warm.run(compile(dir.path, 'unit'));
    expect(result).toMatchObject({ exitCode: 0, fallback: 'clang: a run made no progress for 0.4 s' });
    expect(isAlive(pid)).toBe(false);
  });

  test('whose fork hangs is ended with all its descendants, and the plain command is used', async () => {
    await using dir = await tempDir();
    // Hangs where it is a fork of a loaded program: its parent is the same program.
    const source = waiting.replace(
      'fork();',
      `char own[4096] = "", parents[4096] = "", link[64];
  snprintf(link, sizeof link, "/proc/%d/exe", getppid());
  if (readlink("/proc/self/exe", own, 4095) < 0 || readlink(link, parents, 4095) < 0 || __builtin_strcmp(own, parents) != 0) return 0;
  fork();`,
    );
    const file = fakeClang(join(dir.path, 'bin'), source);
    await using warm = openWarm({ stallMs: 400 });
    await prepare(warm, file);
    const result = await warm.run(toolRequest(file, [dir.path], { cwd: dir.path }));
    expect(result).toMatchObject({ exitCode: 0, fallback: expect.stringContaining('made no progress') });
    const pids = pidsIn(dir.path);
    expect(pids.length).toBeGreaterThan(0);
    await waitFor(() => !pids.some(isAlive), 'the hanging processes to be gone');
  });

  test('ends a run that is cancelled, with all its descendants, and goes on', async () => {
    await using dir = await tempDir();
    const file = fakeClang(join(dir.path, 'bin'), waiting);
    await using warm = openWarm();
    await prepare(warm, file);
    const { pid } = processOf(warm);
    const stop = new AbortController();
    const running = warm.run(toolRequest(file, [dir.path], { cwd: dir.path, signal: stop.signal }));
    const pids = await waitFor(() => (pidsIn(dir.path).length === 2 ? pidsIn(dir.path) : null), 'both to run');
    stop.abort();
    expect(await running).toMatchObject({ cancelled: true });
    expect(pids.some(isAlive)).toBe(false);
    expect(processOf(warm).pid).toBe(pid);
    expect(warm.plain).toEqual([]);
  });

  test('has its runs ended by killAllBuilds', async () => {
    await using dir = await tempDir();
    const file = fakeClang(join(dir.path, 'bin'), waiting);
    await using warm = openWarm();
    await prepare(warm, file);
    const stop = new AbortController();
    const running = warm.run(toolRequest(file, [dir.path], { cwd: dir.path, signal: stop.signal }));
    const pids = await waitFor(() => (pidsIn(dir.path).length === 2 ? pidsIn(dir.path) : null), 'both to run');
    killAllBuilds();
    await waitFor(() => !pids.some(isAlive), 'both to be gone');
    stop.abort();
    await running;
  });

  test('is not signalled by killAllBuilds for runs that have ended: their numbers may be those of others by now', async () => {
    await using dir = await tempDir();
    await using warm = openWarm();
    await prepare(warm, clang);
    expect(await warm.run(compile(dir.path, 'unit'))).toMatchObject({ exitCode: 0, warm: true });
    const kill = vi.spyOn(process, 'kill');
    killAllBuilds();
    expect(kill).not.toHaveBeenCalled();
    kill.mockRestore();
  });

  test('that leaves no file where it says that it did is not believed', async () => {
    await using dir = await tempDir({ lie: '' });
    const source = `#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) { (void)argc; if (unlink("lie") == 0) return 0; return fclose(fopen(argv[1], "w")); }`;
    const file = fakeClang(join(dir.path, 'bin'), source);
    await using warm = openWarm();
    await prepare(warm, file);
    const makes = join(dir.path, 'made');
    const result = await warm.run(toolRequest(file, [makes], { cwd: dir.path, makes }));
    expect(result).toMatchObject({ exitCode: 0, fallback: `clang: a run ended well and left no ${makes}` });
    expect(existsSync(makes)).toBe(true);
  });

  test('that was replaced on disk is loaded anew', async () => {
    await using dir = await tempDir();
    const version = (number: number) =>
      `#include <stdio.h>\nint main(int argc, char **argv) { (void)argc; FILE *f = fopen(argv[1], "w"); fputs("${number}", f); return fclose(f); }`;
    const bin = join(dir.path, 'bin');
    const file = fakeClang(bin, version(1));
    const out = join(dir.path, 'out');
    await using warm = openWarm();
    for (const number of [1, 2, 3]) {
      if (number > 1) fakeClang(bin, version(number));
      for (const ready of [false, true]) {
        if (ready) await prepare(warm, file);
        const result = await warm.run(toolRequest(file, [out], { cwd: dir.path, makes: out }));
        expect(result.warm ?? false).toBe(ready);
        expect(readFileSync(out, 'utf8')).toBe(String(number));
      }
    }
    expect(warm.problems).toEqual([]);
  });

  test('that was replaced while it worked does its work to the end', async () => {
    await using dir = await tempDir();
    // Works for as long as the file is there.
    const source = `#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) { (void)argc; fclose(fopen(argv[1], "w")); while (access(argv[1], F_OK) == 0) usleep(1000); return 0; }`;
    const bin = join(dir.path, 'bin');
    const file = fakeClang(bin, source);
    const [first, second] = [join(dir.path, 'first'), join(dir.path, 'second')];
    await using warm = openWarm();
    await prepare(warm, file);
    const running = warm.run(toolRequest(file, [first], { cwd: dir.path }));
    await waitFor(() => existsSync(first), 'the first run to work');
    fakeClang(bin, `${source}\n/* new */`);
    const other = warm.run(toolRequest(file, [second], { cwd: dir.path }));
    await waitFor(() => existsSync(second), 'the second run to work');
    rmSync(second);
    expect(await other).toMatchObject({ exitCode: 0 });
    rmSync(first);
    expect(await running).toEqual({
      exitCode: 0,
      signal: '',
      startError: '',
      tooLongMs: 0,
      output: '',
      cancelled: false,
      warm: true,
    });
    expect(warm.plain).toHaveLength(1);
  });

  test('ends when it is closed, and leaves no process behind', async () => {
    const warm = openWarm();
    await prepare(warm, clang);
    const { pid } = processOf(warm);
    await warm[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);
    await using dir = await tempDir();
    expect(await warm.run(compile(dir.path, 'unit'))).toMatchObject({ exitCode: 0 });
  });
});

describe('tools that are not kept loaded', () => {
  test('a statically linked program says HM220 once, and the plain command is used', async () => {
    await using dir = await tempDir();
    const file = fakeClang(join(dir.path, 'bin'), 'int main(void) { return 0; }');
    // As a static program it knows of no loader, and so of no preloading.
    rmSync(file);
    const source = join(dir.path, 'bin/fake.c');
    const { spawnSync } = await import('node:child_process');
    expect(spawnSync(clang, ['-static', source, '-o', file]).status).toBe(0);
    await using warm = openWarm();
    for (let n = 0; n < 3; n++) {
      expect(await warm.run(toolRequest(file, [], { cwd: dir.path }))).toMatchObject({ exitCode: 0 });
    }
    await waitFor(() => warm.problems.length > 0, 'it to be refused');
    expect(warm.problems).toEqual([{ code: 'HM220', message: expect.stringContaining('it ended with code 0') }]);
    expect(await warm.run(toolRequest(file, [], { cwd: dir.path }))).toMatchObject({ exitCode: 0 });
    expect(warm.plain).toHaveLength(4);
  });

  test('a script around the compiler, and another program under its name, are run as they are', async () => {
    await using dir = await tempDir({ 'bin/clang': '#!/bin/sh\necho error: script >&2\nexit 1\n' });
    const script = join(dir.path, 'bin/clang');
    const { chmodSync } = await import('node:fs');
    chmodSync(script, 0o755);
    const link = join(dir.path, 'clang');
    symlinkSync('/bin/false', link);
    await using warm = openWarm();
    expect(await warm.tools.prepare(script, clang, {})).toContain('none of the tools');
    expect(await warm.tools.prepare(link, clang, {})).toContain('none of the tools');
    expect(await warm.run(toolRequest(script, [], { cwd: dir.path }))).toMatchObject({ exitCode: 1 });
    expect(warm.tools.ready().size).toBe(0);
  });

  test('on another system than Linux nothing is tried and nothing said', async () => {
    await using dir = await tempDir();
    await using warm = openWarm({ platform: 'darwin' });
    expect(await warm.run(compile(dir.path, 'unit'))).toMatchObject({ exitCode: 0 });
    expect(await warm.tools.prepare(clang, clang, {})).toContain('darwin');
    expect(warm.tools.ready().size).toBe(0);
    expect(warm.problems).toEqual([]);
  });
});
