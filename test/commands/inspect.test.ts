import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeLastGood } from '../../src/session/generations/last-good.js';
import { calculator, secondFile } from '../helpers/calculator.js';
import { jsonLines, runIn, type ServedSession, serveSession } from '../helpers/served-session.js';
import { tempDir, writeFiles } from '../helpers/temp-dir.js';
import { tempProject } from '../helpers/temp-project.js';

const execute = promisify(execFile);
let served: ServedSession;

beforeAll(async () => {
  served = await serveSession({ 'modules/calc/calc.c': calculator, 'modules/calc/other.c': secondFile });
}, 60_000);
afterAll(() => served[Symbol.asyncDispose]());

const frames = async (): Promise<unknown> => {
  const { out } = await served.hotmod('inspect', 'calc', 'calc.c:frames', '--json');
  const [line] = jsonLines(out);
  return typeof line === 'object' && line !== null && 'value' in line ? line.value : out;
};

describe('hotmod inspect', () => {
  test('prints exactly path, type and value as JSON, and the value follows the program', async () => {
    const before = Number(await frames());
    await served.running.session.step(7);
    const { code, out } = await served.hotmod('inspect', 'calc', 'calc.c:frames', '--json');
    expect({ code, lines: jsonLines(out) }).toEqual({
      code: 0,
      lines: [{ path: 'calc.c:frames', type: 'long', value: before + 7 }],
    });
  });

  test('without a path shows every variable, as JSON one object a line', async () => {
    await served.running.session.step(1);
    const { out } = await served.hotmod('--json', 'inspect', 'calc');
    const lines = jsonLines(out);
    expect(lines).toContainEqual({ path: 'other.c:frames', type: 'int', value: 77 });
    expect(lines).toContainEqual({ path: 'paint', type: 'enum color', value: 'GREEN' });
    expect(lines).toContainEqual(expect.objectContaining({ path: 'tick::calls', type: 'int' }));
    const text = (await served.hotmod('inspect', 'calc')).out;
    expect(text).toContain('other.c:frames = 77  (int)\n');
    expect(text).toMatch(/^points {2}\(point\[12\]\)\n {2}\[0\] = \{x = 0, y = 0\}\n/m);
  });

  test('shortens arrays, and follows pointers as far as it is asked to', async () => {
    const { out } = await served.hotmod('inspect', 'calc', 'points', '--elements', '2', '--json');
    expect(jsonLines(out)).toMatchObject([{ value: [{ x: 0, y: 0 }, { x: 0, y: 0 }, '... 10 more'] }]);
    const value = async (...more: readonly string[]) =>
      jsonLines((await served.hotmod('inspect', 'calc', 'first', '--json', ...more)).out);
    expect(await value()).toMatchObject([{ value: { value: 1, next: expect.stringMatching(/^0x/) } }]);
    expect(await value('--follow')).toMatchObject([{ value: { value: 1, next: { value: 2, next: null } } }]);
  });

  test('goes through fields, elements, pointers and statics of functions', async () => {
    await served.running.session.step(1);
    for (const path of ['points[3].x', 'first.next->value', 'first.next.value', 'tick::calls', 'calc.c:frames']) {
      const { code, out } = await served.hotmod('inspect', 'calc', path, '--json');
      expect({ code, lines: jsonLines(out) }).toMatchObject({ code: 0, lines: [{ path, value: expect.any(Number) }] });
    }
  });

  test('a path that leads nowhere is a wrong use and names what is near', async () => {
    const field = await served.hotmod('inspect', 'calc', 'points[3].yy');
    expect(field.code).toBe(2);
    expect(field.err).toMatch(/no field "yy".*Did you mean "y"\?.*\[HM550\]/s);
    expect((await served.hotmod('inspect', 'calc', 'paintt')).err).toContain('Did you mean "paint"?');
    expect((await served.hotmod('inspect', 'calc', 'points[12]')).err).toContain('12 elements');
    const cut = await served.hotmod('inspect', 'calc', 'first-');
    expect(cut.err).toContain('belongs in quotes');
    const json = await served.hotmod('inspect', 'calc', 'nothing', '--json');
    expect(jsonLines(json.out)).toMatchObject([{ type: 'error', code: 'HM550' }]);
  });

  test('an unknown module and a wrong number are wrong uses', async () => {
    const unknown = await served.hotmod('inspect', 'clac');
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain('Did you mean "calc"?');
    expect((await served.hotmod('inspect', 'calc', '--elements', '0')).code).toBe(2);
    expect((await served.hotmod('inspect')).code).toBe(2);
  });

  test('without a session it says so and ends with 3', async () => {
    await using dir = await tempDir({ 'modules/calc/calc.c': calculator });
    const { code, err } = await runIn(dir.path, ['inspect', 'calc']);
    expect(code).toBe(3);
    expect(err).toContain('[HM521]');
    expect(err).not.toContain('--dry-run');
  });
});

describe('hotmod inspect --layout', () => {
  const source =
    'struct inner { char tag; int number; };\nstruct outer { struct inner in; unsigned low : 3; double d; };\nstruct outer o;\n';

  async function compiled(text = source, ...flags: readonly string[]): Promise<string> {
    const cwd = await tempProject({ 'a.c': text });
    await execute('clang', ['-g', ...flags, ...(flags.includes('-shared') ? ['-o', 'a.so'] : ['-c']), 'a.c'], { cwd });
    return cwd;
  }

  test('prints the layouts of an object file without any project', async () => {
    const cwd = await compiled();
    const { code, out } = await runIn(cwd, ['inspect', 'a.o', '--layout', '--json']);
    expect(code).toBe(0);
    expect(jsonLines(out)).toMatchObject([
      {
        types: {
          'struct inner': {
            size: 8,
            align: 4,
            fields: [
              { name: 'tag', offset: 0, size: 1, type: 'char' },
              { name: 'number', offset: 4, size: 4, type: 'int' },
            ],
          },
          'struct outer': {
            size: 24,
            align: 8,
            fields: [{ name: 'in' }, { name: 'low', bitOffset: 64, bitSize: 3 }, { name: 'd', offset: 16 }],
          },
        },
      },
    ]);
  });

  test('prints one type of a library, by its name with or without the keyword', async () => {
    const cwd = await compiled(source, '-shared', '-fPIC');
    for (const name of ['inner', 'struct inner']) {
      const { out } = await runIn(cwd, ['inspect', './a.so', '--layout', name]);
      expect(out).toContain('struct inner: 8 bytes');
      expect(out).toContain('(hole)');
      expect(out).not.toContain('struct outer: ');
    }
    const { code, err } = await runIn(cwd, ['inspect', 'a.so', '--layout', 'iner']);
    expect(code).toBe(2);
    expect(err).toMatch(/Did you mean "inner"\?.*\[HM119\]/);
  });

  test('tells the layouts of two builds apart', async () => {
    const before = await compiled();
    const after = await compiled(source.replace('char tag; int number;', 'char tag; short extra; long number;'));
    const files = [join(before, 'a.o'), join(after, 'a.o')] as const;
    const { code, out } = await runIn(before, ['inspect', '--layout', '--diff', ...files]);
    expect(code).toBe(0);
    expect(out).toContain('struct inner: 8 bytes became 16');
    expect(out).toContain('extra');
    expect((await runIn(before, ['inspect', '--diff', files[0], files[0]])).out).toBe('No layout changed.\n');
    expect((await runIn(before, ['inspect', '--layout', '--diff', files[0]])).code).toBe(2);
  });

  test('says what is wrong with a file that has no types', async () => {
    const cwd = await compiled(source, '-g0');
    const bare = await runIn(cwd, ['inspect', 'a.o', '--layout']);
    expect([bare.code, bare.err]).toEqual([1, expect.stringContaining('[HM438]')]);
    const text = await runIn(cwd, ['inspect', 'a.c', '--layout']);
    expect([text.code, text.err]).toEqual([1, expect.stringContaining('[HM302]')]);
    const none = await runIn(cwd, ['inspect', 'nothing.o', '--layout']);
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('[HM308]')]);
  });

  test('reads a module from the library that ran last, also without a session', async () => {
    const { config, records } = served.running.session.context;
    await writeLastGood(config.outDir, records.values());
    const { out } = await served.hotmod('inspect', 'calc', '--layout', 'point');
    expect(out).toContain('struct point: 16 bytes');
    await using dir = await tempDir();
    await writeFiles(dir.path, { 'modules/calc/calc.c': calculator });
    const { code, err } = await runIn(dir.path, ['inspect', 'calc', '--layout']);
    expect(code).toBe(3);
    expect(err).toContain('[HM118]');
  });
});
