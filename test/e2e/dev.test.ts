import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isAlive, runCli, startDev, startPlainDev } from '../helpers/cli.js';
import { viewModule } from '../helpers/session.js';
import { tempDir, writeFiles } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const project = () =>
  tempDir({ 'modules/shared/shared.h': '#define SHARED 1\n', 'modules/alpha/alpha.c': viewModule('alpha', 1) });
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

describe('hotmod dev', () => {
  test('loads, reloads an edit, and says so in events that keep their contract', async () => {
    await using dir = await project();
    await using dev = startDev(dir.path);
    const start = await dev.wait('session:start');
    expect(start).toMatchObject({ v: 1, pid: dev.pid, cwd: dir.path, target: 'native', modules: ['alpha'] });
    expect(start.time).toMatch(/^\d{4}-\d\d-\d\dT/);
    await dev.wait('session:idle');
    await writeFile(join(dir.path, 'modules/alpha/alpha.c'), viewModule('alpha', 2));
    const done = await dev.wait('reload:done', (event) => event.outcome === 'reloaded');
    expect(done).toMatchObject({ module: 'alpha', level: 'SAFE', generation: 2, from: 1 });
    for (const phase of ['detect', 'build', 'validate', 'assess', 'load', 'pause', 'total'] as const) {
      expect(done.timings[phase], phase).toBeGreaterThanOrEqual(0);
    }
    const types = dev.events.map((event) => event.type);
    for (const type of [
      'watch:change',
      'build:start',
      'build:done',
      'validate:done',
      'assess:done',
      'host:up',
    ] as const) {
      expect(types).toContain(type);
    }
  });

  test('a second session of the same project is refused with the pid of the first', async () => {
    await using dir = await project();
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    const second = await runCli(dir.path, ['dev', '--ui', 'plain']);
    expect(second.code).toBe(3);
    expect(second.stderr).toContain(`as process ${dev.pid}`);
    expect(second.stderr).toContain('HM520');
    expect(isAlive(dev.pid)).toBe(true);
  });

  test('ends cleanly on the first signal, with no child, socket or run folder left', async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      await using dir = await project();
      await using dev = startDev(dir.path);
      const { pid: hostPid } = await dev.wait('host:up');
      await dev.wait('session:idle');
      dev.child.kill(signal);
      expect(await dev.ended()).toBe(code);
      expect(isAlive(hostPid)).toBe(false);
      expect(await exists(join(dir.path, '.hotmod/session.sock'))).toBe(false);
      expect(await readdir(join(dir.path, '.hotmod/run'))).toEqual([]);
      expect(dev.events.at(-1)).toMatchObject({ type: 'session:end', reason: signal });
    }
  });

  test('leaves nothing behind when it is killed', async () => {
    await using dir = await project();
    await using dev = startDev(dir.path);
    const { pid: hostPid } = await dev.wait('host:up');
    await dev.wait('session:idle');
    dev.child.kill('SIGKILL');
    await dev.ended();
    await waitFor(() => !isAlive(hostPid), 'the host to end');
    await waitFor(async () => !(await exists(join(dir.path, '.hotmod/session.sock'))), 'the socket to go');
    expect(await readdir(join(dir.path, '.hotmod/run'))).toEqual([]);
  });

  test('starts again after it was killed together with its host, which left its socket behind', async () => {
    await using dir = await project();
    const first = startDev(dir.path);
    const { pid: hostPid } = await first.wait('host:up');
    process.kill(hostPid, 'SIGSTOP');
    first.child.kill('SIGKILL');
    await first.ended();
    process.kill(hostPid, 'SIGKILL');
    expect(await exists(join(dir.path, '.hotmod/session.sock'))).toBe(true);
    await using second = startDev(dir.path);
    await second.wait('session:idle');
    expect(await readdir(join(dir.path, '.hotmod/run'))).toEqual([String(second.pid)]);
  });

  test('takes a new module in, and lets the version of a removed one run on', async () => {
    await using dir = await project();
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    await writeFiles(dir.path, { 'modules/beta/beta.c': viewModule('beta', 1) });
    await dev.wait('reload:done', (event) => event.module === 'beta' && event.outcome === 'loaded');
    await rm(join(dir.path, 'modules/beta'), { recursive: true });
    await dev.wait('module:removed', (event) => event.module === 'beta');
    expect(await dev.wait('session:problem')).toMatchObject({ code: 'HM523', module: 'beta' });
    await writeFiles(dir.path, { 'modules/beta/beta.c': viewModule('beta', 2) });
    const back = await dev.wait('reload:done', (event) => event.module === 'beta' && event.generation > 1);
    expect(back.outcome).toBe('reloaded');
  });

  test('a source that is deleted fails the build, names it, and the running version goes on', async () => {
    await using dir = await project();
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    await rm(join(dir.path, 'modules/alpha/alpha.c'));
    const failed = await dev.wait('reload:done', (event) => event.outcome === 'buildFailed');
    expect(failed).toMatchObject({ module: 'alpha', from: 1 });
    expect(failed.reasons.map((reason) => reason.code)).toContain('HM209');
    await writeFile(join(dir.path, 'modules/alpha/alpha.c'), viewModule('alpha', 2));
    await dev.wait('reload:done', (event) => event.outcome === 'reloaded');
  });

  test('a broken configuration keeps the old one and says so; the mended one applies without a restart', async () => {
    await using dir = await project();
    await writeFile(join(dir.path, 'hotmod.config.json'), '{}');
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    await writeFile(join(dir.path, 'hotmod.config.json'), '{"host":{"rat":30}}');
    expect(await dev.wait('config:rejected')).toMatchObject({
      code: 'HM102',
      message: expect.stringContaining('rate'),
    });
    await writeFile(join(dir.path, 'hotmod.config.json'), '{"host":{"rate":30},"build":{"defines":["EXTRA=1"]}}');
    const applied = await dev.wait('config:applied', (event) => event.changed.length > 0);
    expect(applied.changed).toContain('host.rate');
    await waitFor(() => dev.events.some((event) => event.type === 'host:stats' && event.rate === 30), 'the new rate');
    expect(dev.events.filter((event) => event.type === 'host:up')).toHaveLength(1);
  });

  test('an empty or unreadable project, a wrong flag and a wrong module name are errors of their own', async () => {
    await using dir = await project();
    await mkdir(join(dir.path, 'empty'));
    expect(await runCli(join(dir.path, 'empty'), ['dev'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('HM105'),
    });
    expect(await runCli(dir.path, ['dev', 'alhpa'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('alpha'),
    });
    expect(await runCli(dir.path, ['dev', '--pollling'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--polling'),
    });
    expect(await runCli(dir.path, ['--cwd', '/nonexistent', 'dev'])).toMatchObject({ code: 2 });
  });

  test('without a compiler it ends with code 3 and names the way out', async () => {
    await using dir = await project();
    const run = await runCli(dir.path, ['dev'], { PATH: join(dir.path, 'nothing') });
    expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('HM204') });
    expect(run.stderr).toContain('doctor --fix');
  });

  test('a module that the configuration leaves out is shut down, and starts afresh when it is taken in again', async () => {
    await using dir = await project();
    await writeFiles(dir.path, { 'modules/beta/beta.c': viewModule('beta', 1) });
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    await writeFile(join(dir.path, 'hotmod.config.json'), '{"modules":{"exclude":["beta"]}}');
    await dev.wait('module:removed', (event) => event.module === 'beta');
    await dev.wait('session:idle', (event) => event.modules.join() === 'alpha');
    const since = dev.events.length;
    await writeFile(join(dir.path, 'hotmod.config.json'), '{}');
    await dev.wait('reload:done', (event) => event.module === 'beta' && event.outcome === 'loaded', since);
  });

  test('folders named by a new configuration are watched from then on', async () => {
    await using dir = await project();
    await writeFiles(dir.path, {
      'plugins/gamma/gamma.c': viewModule('gamma', 1).replace('../shared', '../../modules/shared'),
    });
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    await writeFile(join(dir.path, 'hotmod.config.json'), '{"modules":{"patterns":["modules/*","plugins/*"]}}');
    await dev.wait('reload:done', (event) => event.module === 'gamma' && event.outcome === 'loaded');
    await writeFiles(dir.path, {
      'plugins/gamma/gamma.c': viewModule('gamma', 2).replace('../shared', '../../modules/shared'),
    });
    await dev.wait('reload:done', (event) => event.module === 'gamma' && event.outcome === 'reloaded');
  });

  test('plain text has errors that editors find, between fixed begin and end lines', async () => {
    await using dir = await project();
    await writeFile(join(dir.path, 'modules/alpha/alpha.c'), 'void alpha_update(double dt) { dt = x; }\n');
    const dev = startPlainDev(dir.path);
    await waitFor(() => dev.stdout().includes('build end alpha failed'), 'the end of the build');
    dev.child.kill('SIGTERM');
    await dev.ended();
    const lines = dev.stdout().split('\n');
    const begin = lines.indexOf('[hotmod] build begin alpha');
    const error = lines.findIndex((line) =>
      /^modules\/alpha\/alpha\.c:1:37: error: use of undeclared identifier 'x'/.test(line),
    );
    const end = lines.findIndex((line) => line.startsWith('[hotmod] build end alpha failed'));
    expect(begin).toBeGreaterThanOrEqual(0);
    expect(error).toBeGreaterThan(begin);
    expect(end).toBeGreaterThan(error);
  });
});

/** No load_state any more, so the variables are compared, and a number cannot become a pointer. */
const unsafe = viewModule('alpha', 2)
  .replaceAll('alpha_load_state', 'alpha_other')
  .replace('static long count;', 'static char *count;');

describe('hotmod reload', () => {
  test('has the running session reload a module now, and ends as that ended', async () => {
    await using dir = await project();
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    const done = await runCli(dir.path, ['reload', 'alpha']);
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('reloaded') });
    await writeFile(join(dir.path, 'modules/alpha/alpha.c'), 'broken\n');
    await dev.wait('reload:done', (event) => event.outcome === 'buildFailed');
    const failed = await runCli(dir.path, ['reload', 'alpha']);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/modules\/alpha\/alpha\.c:1:1: error:/);
  });

  test('--force takes what was refused as UNSAFE, and the verdict stays UNSAFE', async () => {
    await using dir = await project();
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    await writeFile(join(dir.path, 'modules/alpha/alpha.c'), unsafe);
    const refused = await dev.wait('reload:done', (event) => event.outcome === 'refused');
    expect(refused).toMatchObject({ level: 'UNSAFE' });
    expect((await runCli(dir.path, ['reload', 'alpha'])).code).toBe(4);
    const forced = await runCli(dir.path, ['--json', 'reload', 'alpha', '--force']);
    expect(forced.code).toBe(0);
    expect(forced.stdout).toContain('"outcome":"reloaded"');
    expect(forced.stdout).toContain('"level":"UNSAFE"');
  });

  test('without a session it says so; with --dry-run it judges against what ran last', async () => {
    await using dir = await project();
    expect(await runCli(dir.path, ['reload', 'alpha'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('HM521'),
    });
    expect(await runCli(dir.path, ['reload', 'alhpa'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('HM106'),
    });
    {
      await using dev = startDev(dir.path);
      await dev.wait('session:idle');
    }
    expect((await runCli(dir.path, ['reload', 'alpha', '--dry-run'])).code).toBe(0);
    await writeFile(join(dir.path, 'modules/alpha/alpha.c'), unsafe);
    const verdict = await runCli(dir.path, ['reload', 'alpha', '--dry-run']);
    expect(verdict).toMatchObject({ code: 4, stdout: expect.stringContaining('HM435') });
    // Without load_state in it, but with the count as it was, its variables are carried over in the place of the hook.
    const noLoad = viewModule('alpha', 2).replaceAll('alpha_load_state', 'alpha_other');
    await writeFile(join(dir.path, 'modules/alpha/alpha.c'), noLoad);
    expect((await runCli(dir.path, ['reload', 'alpha', '--dry-run'])).code).toBe(0);
  });
});
