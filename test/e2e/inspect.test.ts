import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { calculator } from '../helpers/calculator.js';
import { runCli, startDev } from '../helpers/cli.js';
import { type RunningCli, startCli } from '../helpers/running-cli.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const source = 'modules/calc/calc.c';
const project = () => tempDir({ [source]: calculator });

interface Line {
  readonly path: string;
  readonly type: string;
  readonly value: number;
}

const jsonOf = (watch: RunningCli): readonly Line[] => watch.lines().map((line) => JSON.parse(line));

describe('inspect and call beside hotmod dev', () => {
  test('live values change, and a call changes nothing of them', async () => {
    await using dir = await project();
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    const look = async (): Promise<Line> =>
      JSON.parse((await runCli(dir.path, ['inspect', 'calc', 'frames', '--json'])).stdout);
    const first = await look();
    expect(first).toEqual({ path: 'frames', type: 'long', value: expect.any(Number) });
    await waitFor(async () => (await look()).value > first.value, 'the next frames');
    expect(await runCli(dir.path, ['call', 'calc', 'add', '-2', '3'])).toEqual({
      code: 0,
      stdout: 'add(-2, 3) = 1\n',
      stderr: '',
    });
    const wrong = await runCli(dir.path, ['call', 'calc', 'add', '2']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('int add(int a, int b)');
  });

  test('--watch prints a line for each change, through a reload and a crash, and Ctrl+C ends it with 130', async () => {
    await using dir = await project();
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    await using watch = startCli(dir.path, ['inspect', 'calc', 'frames', '--watch', '--json']);
    await waitFor(
      () => watch.lines().length >= 3,
      () => `three changes; ${watch.stderr()}`,
    );
    const values = jsonOf(watch).map((line) => line.value);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(new Set(values).size).toBe(values.length);

    await writeFile(join(dir.path, source), calculator.replace('static long frames', 'static double frames'));
    await dev.wait('reload:done', (event) => event.outcome === 'reloaded');
    await waitFor(() => jsonOf(watch).at(-1)?.type === 'double', 'the value of the new type');
    expect(jsonOf(watch).at(-1)?.value).toBeGreaterThan(values.at(-1) ?? 0);

    const crash = await runCli(dir.path, ['call', 'calc', 'look_at', 'null']);
    expect([crash.code, crash.stderr]).toEqual([5, expect.stringContaining('[HM542]')]);
    // It was new, so the version before it is back; the watch goes on with that one's type.
    await dev.wait('reload:done', (event) => event.outcome === 'rolledBack');
    await waitFor(() => jsonOf(watch).at(-1)?.type === 'long', 'the value of the version before');
    const seen = watch.lines().length;
    await waitFor(
      () => watch.lines().length > seen + 2,
      () => `changes after the crash; ${watch.stderr()}`,
    );

    watch.child.kill('SIGINT');
    expect(await watch.ended()).toBe(130);
    expect((await runCli(dir.path, ['call', 'calc', 'add', '1', '1'])).stdout).toBe('add(1, 1) = 2\n');
  });

  test('--watch as text names the single values that changed, and ends with 3 when the session does', async () => {
    await using dir = await project();
    await using dev = startDev(dir.path);
    await dev.wait('session:idle');
    await using watch = startCli(dir.path, ['inspect', 'calc', 'points', '--watch']);
    await waitFor(() => watch.lines().some((line) => /^points\[3\]\.x = \d+$/.test(line)), 'a change');
    expect(watch.lines()[0]).toBe('points  (point[12])');
    dev.child.kill('SIGTERM');
    expect(await watch.ended()).toBe(3);
    expect(watch.stderr()).toMatch(/\[HM52[12]\]/);
  });
});
