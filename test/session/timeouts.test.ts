import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EventOf, EventType, HotmodEvent } from '../../src/events/events.js';
import { isAlive } from '../helpers/cli.js';
import { counterSource, findClang } from '../helpers/host-modules.js';
import { openTestSession, type TestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const source = 'modules/counter/counter.c';
const loop = 'for (volatile int n = 1; n; ) {}';
const sleeper = 'sleep 1000 & echo $! > "$HOTMOD_TEST_PIDS"; wait';

function of<T extends EventType>(running: TestSession, type: T): readonly EventOf<T>[] {
  return running.events.filter((event: HotmodEvent): event is EventOf<T> => event.type === type);
}

async function pidIn(file: string): Promise<number> {
  return Number(await readFile(file, 'utf8'));
}

describe('timeouts.build', () => {
  test('ends a compiler that hangs, with the processes that it started, and what ran before runs on', async () => {
    await using dir = await tempDir({ [source]: counterSource() });
    const pids = join(dir.path, 'pids');
    const wrapper = join(dir.path, 'slow-clang');
    const script = `#!/bin/sh\ncase "$*" in *-c*) if grep -q HANGS ${join(dir.path, source)}; then ${sleeper.replace('"$HOTMOD_TEST_PIDS"', pids)}; fi;; esac\nexec ${await findClang()} "$@"\n`;
    await writeFile(wrapper, script);
    await chmod(wrapper, 0o755);
    const config = { build: { compiler: wrapper }, timeouts: { build: 1500 } };
    await writeFile(join(dir.path, 'hotmod.config.json'), JSON.stringify(config));
    await using running = await openTestSession(dir.path, { stepped: true, watch: false });
    expect(running.outcomes('counter')).toMatchObject([{ outcome: 'loaded' }]);

    await writeFile(join(dir.path, source), `${counterSource()}/* HANGS */\n`);
    await running.session.refresh();
    await running.session.idle();
    expect(running.outcomes('counter').at(-1)).toMatchObject({
      outcome: 'buildFailed',
      from: 1,
      reasons: [{ code: 'HM534', message: expect.stringContaining('did not end within 1500 ms on modules/counter') }],
    });
    const grandchild = await pidIn(pids);
    await waitFor(() => !isAlive(grandchild), 'the grandchild to end');
    await running.session.step(1);
    expect(await running.view('counter')).toBe('1');
  });

  test('ends a build command that hangs, and shows what it had said', async () => {
    const files = {
      'modules/made/made.c': 'int made;',
      'modules/made/build.sh': `echo "waiting for the licence server"; sleep 1000 & echo $! > pids; wait`,
      'modules/made/module.json': JSON.stringify({ build: { command: 'sh build.sh', output: 'made.so' } }),
      'hotmod.config.json': JSON.stringify({ timeouts: { build: 300 } }),
    };
    await using dir = await tempDir(files);
    await using running = await openTestSession(dir.path, { stepped: true, watch: false });
    expect(running.outcomes('made')).toMatchObject([{ outcome: 'buildFailed', reasons: [{ code: 'HM534' }] }]);
    const [diagnostic] = of(running, 'build:diagnostic');
    expect(diagnostic?.message).toBe(
      'the build command `sh build.sh` did not end within 300 ms and was ended; see timeouts.build',
    );
    expect(diagnostic?.rendered).toContain('waiting for the licence server');
    const grandchild = await pidIn(join(dir.path, 'modules/made/pids'));
    await waitFor(() => !isAlive(grandchild), 'the grandchild to end');
  });
});

test('timeouts.validate keeps a version out whose types took too long to read, and 0 lets it in', async () => {
  // Enough to read that no machine does it within a millisecond.
  const many = Array.from({ length: 3000 }, (_, n) => `struct s${n} { int a${n}; char *b[${n + 1}]; } v${n};`).join(
    '\n',
  );
  const config = (validate: number) => JSON.stringify({ timeouts: { validate } });
  await using dir = await tempDir({ [source]: counterSource({ extra: many }), 'hotmod.config.json': config(1) });
  await using running = await openTestSession(dir.path, { stepped: true, watch: false });
  expect(running.outcomes('counter')).toMatchObject([
    { outcome: 'failed', from: 0, reasons: [{ code: 'HM537', message: expect.stringContaining('1 ms') }] },
  ]);
  await writeFile(join(dir.path, 'hotmod.config.json'), config(0));
  await running.session.refresh();
  await running.session.idle();
  expect(running.outcomes('counter').at(-1)).toMatchObject({ outcome: 'loaded' });
});

describe('a call that does not return within the limit of its phase ends the host, and is told:', () => {
  const beginning = `__attribute__((constructor)) static void begin(void) { ${loop} }`;
  const prepare = { extra: `static int prepare(void) { ${loop} return 0; }`, hooks: { prepare_reload: 'prepare' } };
  const short = 300;
  const long = 600_000;

  test('timeouts.load, of a constructor', async () => {
    const config = JSON.stringify({ timeouts: { load: short, commit: long, call: long } });
    await using dir = await tempDir({ [source]: counterSource(), 'hotmod.config.json': config });
    await using running = await openTestSession(dir.path, { watch: false });
    await writeFile(join(dir.path, source), counterSource({ extra: beginning }));
    await running.session.refresh();
    await waitFor(() => running.outcomes('counter').length > 1, 'the outcome');
    await running.session.idle();
    expect(running.outcomes('counter').at(-1)).toMatchObject({ outcome: 'rolledBack', from: 1 });
    expect(of(running, 'host:crash')).toMatchObject([
      { signal: 'hang', code: 'HM511', message: expect.stringContaining('dlopen of counter (its constructors)') },
    ]);
  });

  test('timeouts.commit, of prepare_reload', async () => {
    const config = JSON.stringify({
      timeouts: { load: long, commit: short, call: long },
      host: { probationFrames: 0 },
    });
    await using dir = await tempDir({ [source]: counterSource(prepare), 'hotmod.config.json': config });
    await using running = await openTestSession(dir.path, { watch: false });
    await writeFile(join(dir.path, source), counterSource({ by: 2 }));
    await running.session.refresh();
    await waitFor(() => running.outcomes('counter').length > 1, 'the outcome');
    await running.session.idle();
    expect(running.outcomes('counter').at(-1)).toMatchObject({ outcome: 'rolledBack', from: 1 });
    expect(of(running, 'host:crash')).toMatchObject([{ signal: 'hang', function: 'prepare', file: source }]);
  });

  test('timeouts.commit, of init of a version that no record holds yet', async () => {
    const config = JSON.stringify({ timeouts: { load: long, commit: short, call: long } });
    const files = { [source]: counterSource(), 'modules/late/module.json': '{}', 'hotmod.config.json': config };
    await using dir = await tempDir(files);
    await using running = await openTestSession(dir.path, { watch: false });
    const begin = `static int begin(const module_config_t *c) { (void)c; ${loop} return 0; }`;
    await writeFile(join(dir.path, 'modules/late/late.c'), counterSource({ extra: begin, hooks: { init: 'begin' } }));
    await running.session.refresh();
    await waitFor(() => running.outcomes('late').length > 0, 'the outcome');
    await running.session.idle();
    expect(of(running, 'host:crash')).toMatchObject([
      { signal: 'hang', module: 'late', function: 'begin', file: 'modules/late/late.c' },
    ]);
  });

  test('timeouts.call, as it is when the call hangs and not as it was when the host began', async () => {
    const config = (call: number) => JSON.stringify({ timeouts: { call }, host: { standby: false } });
    await using dir = await tempDir({ [source]: counterSource(), 'hotmod.config.json': config(long) });
    await using running = await openTestSession(dir.path, { watch: false });
    await writeFile(join(dir.path, 'hotmod.config.json'), config(short));
    await writeFile(join(dir.path, source), counterSource({ body: loop }));
    await running.session.refresh();
    await waitFor(() => running.outcomes('counter').some((one) => one.outcome === 'rolledBack'), 'the way back');
  });

  test('timeouts.call, of update, while loading and switching may take any time', async () => {
    const config = JSON.stringify({ timeouts: { load: 0, commit: 0, call: short } });
    await using dir = await tempDir({ [source]: counterSource(), 'hotmod.config.json': config });
    await using running = await openTestSession(dir.path, { watch: false });
    await writeFile(join(dir.path, source), counterSource({ body: loop }));
    await running.session.refresh();
    await waitFor(() => running.outcomes('counter').some((one) => one.outcome === 'rolledBack'), 'the way back');
    await running.session.idle();
    expect(of(running, 'host:crash')).toMatchObject([{ signal: 'hang', function: 'update', file: source }]);
  });
});

test('where the limit is 0 a call may take any time', async () => {
  // Longer than the limit would be by default (2 s), with the looks of the watchdog in between.
  const slow = `#include <unistd.h>\n${counterSource({ extra: '__attribute__((constructor)) static void begin(void) { usleep(900000); }' })}`;
  const config = JSON.stringify({ timeouts: { load: 0, call: 300 } });
  await using dir = await tempDir({ [source]: slow, 'hotmod.config.json': config });
  await using running = await openTestSession(dir.path, { stepped: true, watch: false });
  expect(running.outcomes('counter')).toMatchObject([{ outcome: 'loaded' }]);
  expect(of(running, 'host:crash')).toEqual([]);
});
