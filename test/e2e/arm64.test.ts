import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import type { EventOf, EventType } from '../../src/events/events.js';
import { packageRoot } from '../../src/paths.js';
import { arm64, emulatedCacheDir, testOnArm64 } from '../helpers/emulated.js';
import { openTestSession, type TestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const run = promisify(execFile);
const emulated = arm64.runs.how === 'emulated';
const openOnArm64 = (root: string): Promise<TestSession> =>
  openTestSession(root, { watch: false, stepped: true, target: arm64.name, cacheDir: emulatedCacheDir });

function eventsOf<T extends EventType>({ events }: TestSession, type: T): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

const counter = (body: string) => `int frames;\nvoid counter_update(double dt) { (void)dt; frames++; ${body} }\n`;
const source = 'modules/counter/counter.c';

describe('modules of ARM64', () => {
  testOnArm64('are built, run and reloaded with their state, and what they say of it is labelled', async () => {
    await using dir = await tempDir({ [source]: counter('') });
    await using running = await openOnArm64(dir.path);
    await running.session.step(10);
    await writeFile(join(dir.path, source), counter('frames++;'));
    await running.session.refresh();
    await running.session.idle();
    await running.session.step(5);
    const { values } = await running.session.inspect({ module: 'counter', path: 'frames', elements: 8, follow: 0 });
    expect(values[0]?.value).toBe(20);
    const outcomes = running.outcomes('counter');
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['loaded', 'reloaded']);
    // On a machine of its own nothing is emulated, and its timings are as good as any.
    expect(outcomes.map((one) => one.emulated ?? false)).toEqual([emulated, emulated]);
    expect('emulator' in (eventsOf(running, 'host:up')[0] ?? {})).toBe(emulated);
    const library = await readFile(running.session.context.records.get('counter')?.running?.library ?? '');
    expect(library.readUInt16LE(18)).toBe(arm64.elfMachine);
  });

  testOnArm64('leave memory when they were replaced, though threads of an emulator answer nobody', async () => {
    await using dir = await tempDir({ [source]: counter('') });
    await using running = await openOnArm64(dir.path);
    for (let step = 1; step <= 4; step++) {
      await writeFile(join(dir.path, source), counter(`frames += ${step};`));
      await running.session.refresh();
      await running.session.idle();
      await running.session.step(1);
    }
    expect(running.outcomes('counter').map(({ generation }) => generation)).toEqual([1, 2, 3, 4, 5]);
    expect(eventsOf(running, 'image:kept')).toEqual([]);
    expect((await running.session.context.host.stats()).keptImages).toBe(0);
  });

  testOnArm64('crash with their registers, the vector registers too, and a stack of lines', async () => {
    const text = counter(`if (frames == 3) {
  register long mark __asm__("x21") = 0x1234;
  register long place __asm__("x22") = 8;
  __asm__ volatile("movi v9.4s, #7\\n\\tstr %0, [%1]" : : "r"(mark), "r"(place) : "v9");
}`);
    await using dir = await tempDir({ [source]: text });
    await using running = await openOnArm64(dir.path);
    await running.session.step(3);
    const crash = await waitFor(() => eventsOf(running, 'host:crash')[0], 'the crash');
    expect(crash).toMatchObject({ signal: 'SIGSEGV', address: '0x8', function: 'counter_update', fatal: false });
    expect(crash.stack[0]).toMatchObject({ function: 'counter_update', file: source });
    expect(crash.stack[0]?.line).toBeGreaterThan(2);
    const names = [...Array.from({ length: 31 }, (_, n) => `x${n}`), 'sp', 'pc', 'pstate'];
    expect(Object.keys(crash.registers)).toEqual(names);
    expect(crash.registers).toMatchObject({ x21: '0x1234', x22: '0x8' });
    expect(crash.vectors).toHaveProperty('v9', '0x7000000070000000700000007');
    expect(Object.keys(crash.vectors ?? {})).toHaveLength(34);
  });

  testOnArm64('take __builtin_trap for the crash that it is, and go on', async () => {
    await using dir = await tempDir({ [source]: counter('if (frames == 3) __builtin_trap();') });
    await using running = await openOnArm64(dir.path);
    await running.session.step(3);
    const crash = await waitFor(() => eventsOf(running, 'host:crash')[0], 'the crash');
    expect(crash).toMatchObject({ signal: 'SIGTRAP', module: 'counter', fatal: false });
  });

  testOnArm64('compute what their C reference does to the last bit in the weather sample’s assembly', async () => {
    await using dir = await tempDir({});
    const weather = join(packageRoot, 'modules/weather');
    const program = join(dir.path, 'kernel');
    const cross = arm64.triple === '' ? [] : [`--target=${arm64.triple}`, '-fuse-ld=lld'];
    await run('clang', [
      ...cross,
      '-g',
      '-Werror',
      `-I${weather}`,
      join(packageRoot, 'test/modules/kernel.c'),
      ...['weather_kernel.S', 'weather_kernel_reference.c'].map((name) => join(weather, name)),
      '-o',
      program,
    ]);
    const [command, ...args] =
      arm64.runs.how === 'emulated' ? [arm64.runs.emulator.program, ...arm64.runs.emulator.args, program] : [program];
    expect((await run(command, args)).stdout).toBe('136\n');
  });

  testOnArm64('are the samples, all of them, whose kernel agrees with its reference in the host', async () => {
    await using dir = await tempDir({});
    await cp(join(packageRoot, 'modules'), join(dir.path, 'modules'), { recursive: true });
    await using running = await openOnArm64(dir.path);
    await running.session.step(30);
    const loaded = eventsOf(running, 'reload:done').map(({ module, outcome }) => `${module} ${outcome}`);
    expect(loaded.sort()).toEqual(['graphics', 'simulation', 'traffic', 'weather'].map((name) => `${name} loaded`));
    expect(eventsOf(running, 'host:crash')).toEqual([]);
    // The sample's own note: with another shift the kernel no longer agrees, and weather_init refuses to start.
    const file = join(dir.path, 'modules/weather/weather_kernel.S');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('sshr v0.4s, v0.4s, #3', 'sshr v0.4s, v0.4s, #2'));
    await running.session.refresh();
    await running.session.idle();
    expect(running.outcomes('weather').at(-1)?.outcome).toBe('rolledBack');
  });

  testOnArm64('are not blamed for an emulator that ends by itself', async () => {
    await using dir = await tempDir({ [source]: counter('') });
    await using running = await openOnArm64(dir.path);
    await running.session.step(3);
    process.kill(running.session.context.host.pid, 'SIGSEGV');
    await waitFor(() => eventsOf(running, 'module:restarted')[0], 'the module to be started again');
    expect(running.outcomes('counter').map(({ outcome }) => outcome)).toEqual(['loaded']);
    if (!emulated) return;
    expect(eventsOf(running, 'host:crash')).toEqual([]);
    expect(eventsOf(running, 'emulator:fault')).toMatchObject([{ code: 'HM584', count: 1, module: '' }]);
  });
});

/** Crashes where no file of that name is there yet, and leaves one. */
const crashOnce = (name: string) =>
  `{ FILE *file = fopen(ROOT "/${name}", "r"); if (file == NULL) { fclose(fopen(ROOT "/${name}", "w")); *(volatile int *)0 = 1; } }`;

describe('a crash that does not repeat itself', () => {
  testOnArm64('is the emulator’s where there is one, in a step of a reload and in an update alike', async () => {
    const text = `#include <stdio.h>
static int frames;
int counter_init(void) { ${crashOnce('started')} return 0; }
void counter_update(double dt) { (void)dt; if (++frames == 3) ${crashOnce('updated')} }
`;
    await using dir = await tempDir({ [source]: text });
    await writeFile(
      join(dir.path, 'hotmod.config.json'),
      JSON.stringify({ build: { defines: [`ROOT="${dir.path}"`] } }),
    );
    await using running = await openOnArm64(dir.path);
    const [first] = running.outcomes('counter');
    expect(first?.outcome).toBe(emulated ? 'loaded' : 'failed');
    if (!emulated) return;
    await running.session.step(5);
    const faults = await waitFor(() => {
      const all = eventsOf(running, 'emulator:fault');
      return all.length === 2 ? all : null;
    }, 'both faults to be told');
    expect(faults.map(({ code, module, count }) => [code, module, count])).toEqual([
      ['HM584', 'counter', 1],
      ['HM584', 'counter', 2],
    ]);
    expect(eventsOf(running, 'host:crash')).toEqual([]);
    const { values } = await running.session.inspect({ module: 'counter', path: 'frames', elements: 8, follow: 0 });
    expect(values[0]?.value).toBe(5);
  });
});

describe('a library of another machine', () => {
  const build = { command: 'true', output: 'counter.so' };
  const module = (triple: string, dir: string): Promise<unknown> =>
    run('clang', [
      `--target=${triple}`,
      '-fuse-ld=lld',
      '-shared',
      '-fPIC',
      '-nostdlib',
      '-x',
      'c',
      join(dir, source),
      '-o',
      join(dir, 'modules/counter/counter.so'),
    ]);

  testOnArm64('is refused in a project for ARM64, and one of ARM64 in a project for this machine', async () => {
    await using dir = await tempDir({
      [source]: counter(''),
      'modules/counter/module.json': JSON.stringify({ build }),
    });
    for (const [triple, target] of [
      ['x86_64-linux-gnu', 'linux-arm64'],
      ['aarch64_be-linux-gnu', 'linux-arm64'],
      ['aarch64-linux-gnu', 'linux-x64'],
    ] as const) {
      await module(triple, dir.path);
      const args = [
        join(packageRoot, 'bin/hotmod.js'),
        '--cwd',
        dir.path,
        '--target',
        target,
        'reload',
        'counter',
        '--dry-run',
      ];
      const env = { ...process.env, HOTMOD_CACHE: emulatedCacheDir };
      const { code, output } = await run(process.execPath, args, { env }).then(
        ({ stdout }) => ({ code: 0, output: stdout }),
        (error: { code: number; stdout: string; stderr: string }) => ({
          code: error.code,
          output: error.stdout + error.stderr,
        }),
      );
      expect(output).toContain('HM304');
      expect(output).toContain(`the target ${target} needs`);
      expect(code).toBe(4);
    }
  });
});

describe('a project for several targets', () => {
  testOnArm64('has a reload case that was written for one of them checked on each', async () => {
    const text = (step: number) => `long n;\nvoid counter_update(double dt) { (void)dt; n += ${step}; }\n`;
    const step = (by: number, n: number) => ({
      files: { [source]: text(by) },
      frames: 3,
      expect: { outcome: by === 1 ? 'loaded' : 'reloaded', level: 'SAFE', state: { n } },
    });
    const reloadCase = { name: 'goes on', module: 'counter', steps: [step(1, 3), step(10, 33)] };
    await using dir = await tempDir({ 'cases/one/case.json': JSON.stringify(reloadCase) });
    const targets = `native,${arm64.name},macos-arm64`;
    const args = ['--cwd', dir.path, '--target', targets, 'test', 'cases', '--reporter', 'json'];
    const env = { ...process.env, HOTMOD_CACHE: emulatedCacheDir };
    const { stdout } = await run(process.execPath, [join(packageRoot, 'bin/hotmod.js'), ...args], { env });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ passed: 3, failed: 0 });
    expect(report.cases.map(({ name }: { readonly name: string }) => name)).toEqual([
      'goes on [native]',
      `goes on [${arm64.name}]`,
      'goes on [macos-arm64]',
    ]);
  });

  testOnArm64('runs the first, and has its modules built and judged for the others', async () => {
    const text = (type: string) =>
      `struct s { char mood; ${type} n; } state;\nvoid counter_update(double dt) { (void)dt; state.n++; }\n`;
    await using dir = await tempDir({ [source]: text('int') });
    const target = `native,${emulated ? arm64.name : 'linux-x64'}`;
    await using running = await openTestSession(dir.path, {
      watch: false,
      stepped: true,
      target,
      cacheDir: emulatedCacheDir,
    });
    const judged = () => eventsOf(running, 'target:judged');
    const edit = async (content: string) => {
      await writeFile(join(dir.path, source), content);
      await running.session.refresh();
      await running.session.idle();
    };
    await edit(text('long'));
    await edit('#error no\n');
    expect(running.outcomes('counter').map(({ outcome }) => outcome)).toEqual(['loaded', 'reloaded', 'buildFailed']);
    expect(judged().map(({ outcome, level }) => `${outcome} ${level}`)).toEqual([
      'good SAFE',
      'good WARNING',
      'buildFailed BLOCKED',
    ]);
    expect(judged()[1]?.reasons.map(({ code }) => code)).toContain('HM421');
    if (!emulated) return;
    expect(judged()[0]?.differences).toEqual([
      expect.stringContaining('char is signed on native and unsigned on linux-arm64'),
    ]);
    // What was said once is not said with each save.
    expect(judged()[1]?.differences).toEqual([]);
  });
});
