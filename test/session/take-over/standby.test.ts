import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createStandby } from '../../../src/session/take-over/standby.js';
import { openBench } from '../../helpers/host-modules.js';
import { openTestSession, type TestSession } from '../../helpers/session.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';

const project = {
  'modules/clock/clock.c':
    'int frames;\nvoid clock_update(double dt) { (void)dt; frames++; }\nint clock_frames(void) { return frames; }\n',
};

/** Host processes that this one started for a session: their run folder stands in what they have open. */
function hostsOf({ session }: TestSession): readonly number[] {
  const dir = session.context.config.outDir;
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const isChild = status.includes(`PPid:\t${process.pid}\n`);
      return isChild && readFileSync(`/proc/${name}/maps`, 'utf8').includes(dir) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

describe('a host that waits', () => {
  test('takes over when the one that runs is killed, and another one begins to wait', async () => {
    await using dir = await tempDir(project);
    await using running = await openTestSession(dir.path, { watch: false });
    const { session, bus } = running;
    const first = session.context.host.pid;
    await waitFor(() => hostsOf(running).length === 2, 'a second host');
    const waiting = hostsOf(running).find((pid) => pid !== first);

    const up = bus.next('host:up');
    process.kill(first, 'SIGKILL');
    expect(await up).toMatchObject({ pid: waiting, restarts: 1 });
    await session.idle();
    const { modules } = await session.context.host.stats();
    expect(modules).toMatchObject([{ module: 'clock', running: true }]);
    await waitFor(() => hostsOf(running).length === 2, 'another second host');
  });

  test('is not missed where it ended by itself', async () => {
    await using dir = await tempDir(project);
    await using running = await openTestSession(dir.path, { watch: false });
    const { session, bus } = running;
    const first = session.context.host.pid;
    await waitFor(() => hostsOf(running).length === 2, 'a second host');
    for (const pid of hostsOf(running)) if (pid !== first) process.kill(pid, 'SIGKILL');
    await waitFor(() => hostsOf(running).length === 1, 'its end');
    const up = bus.next('host:up');
    process.kill(first, 'SIGKILL');
    expect((await up).pid).not.toBe(first);
    await session.idle();
    expect((await session.context.host.stats()).modules).toHaveLength(1);
  });

  test('is not handed over when it ended a moment ago and nobody has been told yet', async () => {
    await using bench = await openBench();
    let opened = false;
    const standby = createStandby({
      isWanted: () => true,
      settings: () => '',
      async open() {
        opened = true;
        return bench.host;
      },
    });
    standby.warm();
    await waitFor(() => opened, 'the host that waits');
    process.kill(bench.host.pid, 'SIGKILL');
    expect(await standby.take()).toBeNull();
  });

  test('ends with the session', async () => {
    await using dir = await tempDir(project);
    const running = await openTestSession(dir.path, { watch: false });
    await waitFor(() => hostsOf(running).length === 2, 'a second host');
    await running[Symbol.asyncDispose]();
    expect(hostsOf(running)).toEqual([]);
  });

  test('is not there where frames only run when asked for', async () => {
    await using dir = await tempDir(project);
    await using running = await openTestSession(dir.path, { watch: false, stepped: true });
    expect(running.session.context.config.host.standby).toBe(false);
  });
});
