import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { calculator } from '../helpers/calculator.js';
import { jsonLines, runIn, type ServedSession, serveSession } from '../helpers/served-session.js';
import { tempDir } from '../helpers/temp-dir.js';

let served: ServedSession;

beforeAll(async () => {
  served = await serveSession({ 'modules/calc/calc.c': calculator });
}, 60_000);
afterAll(() => served[Symbol.asyncDispose]());

const call = (...args: readonly string[]) => served.hotmod('call', 'calc', ...args);

describe('hotmod call', () => {
  test('prints the call and its result', async () => {
    expect(await call('add', '2', '3')).toEqual({ code: 0, out: 'add(2, 3) = 5\n', err: '' });
    expect((await call('scale', '{x: 1, y: 2.5}', '2')).out).toBe('scale({x: 1, y: 2.5}, 2) = 7\n');
    expect((await call('corner', '4')).out).toBe('corner(4) = {x = 4, y = 0.5}\n');
    expect((await call('sum', '[1, 2, 3]', '3')).out).toBe('sum([1, 2, 3], 3) = 6\n');
    expect((await call('hello', 'you there')).out).toBe('hello(you there) = "hello you there"\n');
  });

  test('takes arguments that begin with a minus, with and without --', async () => {
    expect((await call('add', '-2', '-3')).out).toBe('add(-2, -3) = -5\n');
    expect((await call('--', 'add', '-2', '3')).out).toBe('add(-2, 3) = 1\n');
    expect((await call('scale', '{x: 1, y: 1}', '-1e1')).out).toContain('= -20');
    expect((await call('hello', '-x')).out).toContain('"hello -x"');
  });

  test('as JSON it is function, type, value and durationMs', async () => {
    const { out } = await call('add', '-2', '3', '--json');
    expect(jsonLines(out)).toEqual([{ function: 'add', type: 'int', value: 1, durationMs: expect.any(Number) }]);
  });

  test('shows what the function wrote to behind a pointer', async () => {
    expect((await call('move_point', '{x: 1, y: 2}', '5')).out).toBe(
      'move_point({x: 1, y: 2}, 5)\n  p = {x = 6, y = 2}\n',
    );
    expect((await call('move_point', '{x: 1, y: 2}', '0')).out).toBe('move_point({x: 1, y: 2}, 0)\n');
    const { out } = await call('move_point', '{x: 1, y: 2}', '5', '--json');
    expect(jsonLines(out)).toMatchObject([
      { type: 'void', value: null, targets: [{ argument: 0, name: 'p', type: 'point', value: { x: 6, y: 2 } }] },
    ]);
  });

  test('arguments that do not fit are a wrong use, and the signature is shown', async () => {
    for (const args of [['2'], ['2', 'x'], ['2', '3', '4'], ['2', '3000000000']]) {
      const { code, out, err } = await call('add', ...args);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/int add\(int a, int b\).*\[HM543\]/s);
    }
  });

  test('a function that is not there is a wrong use, and those that are there are named', async () => {
    const { code, err } = await call('ad', '2', '3');
    expect(code).toBe(2);
    expect(err).toMatch(/add.*\[HM540\]/s);
    expect((await call('tick')).err).toContain('static');
  });

  test('a crash in the call ends with 5, and the session goes on', async () => {
    const { code, err } = await call('look_at', 'null');
    expect(code).toBe(5);
    expect(err).toMatch(/\[HM542\]\nint look_at\(int \*where\)/);
    await served.running.session.idle();
    expect((await call('add', '1', '1')).out).toBe('add(1, 1) = 2\n');
  });

  test('a function that ends the program ends with 5 as well', async () => {
    const { code, err } = await call('leave');
    expect([code, err]).toEqual([5, expect.stringContaining('[HM542]')]);
    await served.running.session.idle();
    expect(served.running.session.context.host.pid).toBeGreaterThan(0);
  });

  test('without a session it says so and ends with 3', async () => {
    await using dir = await tempDir({ 'modules/calc/calc.c': calculator });
    const { code, err } = await runIn(dir.path, ['call', 'calc', 'add', '1', '2']);
    expect([code, err]).toEqual([3, expect.stringContaining('[HM521]')]);
  });
});
