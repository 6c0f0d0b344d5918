import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCode } from '../../src/codes/index.js';
import type { EventOf } from '../../src/events/events.js';
import { reduce } from '../../src/view/reduce.js';
import { initialState } from '../../src/view/state.js';
import { counterSource, findClang } from '../helpers/host-modules.js';
import { openTestSession, type TestSession } from '../helpers/session.js';
import { tempDir, writeFiles } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const source = 'modules/counter/counter.c';
const other = 'modules/other/other.c';
const goodProject = { [source]: counterSource(), [other]: counterSource() };

const count = async (running: TestSession, module = 'counter'): Promise<number> =>
  Number((await running.view(module)) || Number.NaN);

/** The next outcome of a module after `since` events, with what stands after that. */
async function outcome(running: TestSession, since: number, module = 'counter'): Promise<EventOf<'reload:done'>> {
  const event = await waitFor(
    () =>
      running.events
        .slice(since)
        .find((one): one is EventOf<'reload:done'> => one.type === 'reload:done' && one.module === module),
    `an outcome of ${module}`,
  );
  await running.session.idle();
  return event;
}

/** What the terminal UI shows of a module. */
function shown(running: TestSession, module = 'counter') {
  const state = running.events.reduce(reduce, initialState);
  return { ...state.modules.find((one) => one.name === module), problems: state.problems };
}

const returns = (name: string, parameters: string) => ({
  extra: `static int bad(${parameters}) { return 7; }`,
  hooks: { [name]: 'bad' },
});

function command(line: string): string {
  return JSON.stringify({ build: { command: line, output: 'out.so' } });
}

/** Compiles the module as it stands, into a file that the rest of the line may damage. */
const compile = '$HOTMOD_CC -shared -fPIC -I$HOTMOD_INCLUDE counter.c -o whole.so';
/** The machine's number in the header of an ELF file made into one that no target has (elf(5), e_machine). */
const alien = "printf '\\377\\000' | dd of=whole.so bs=1 seek=18 conv=notrunc";

const faults = [
  ['a syntax error', { [source]: 'this is not C;\n' }, 'buildFailed', 'HM201'],
  ['no entry', { [source]: 'int nothing_here(void) { return 0; }\n' }, 'refused', 'HM305'],
  [
    'an undefined symbol',
    { [source]: counterSource({ extra: 'int gone(void);', body: 'gone();' }) },
    'buildFailed',
    'HM203',
  ],
  [
    'an init that fails',
    { [source]: counterSource(returns('init', 'const module_config_t *c')) },
    'rolledBack',
    'HM505',
  ],
  [
    'a load_state that fails',
    { [source]: counterSource(returns('load_state', 'const void *d, size_t n')) },
    'rolledBack',
    'HM506',
  ],
  [
    'a crash in init',
    {
      [source]: counterSource({
        extra: 'static int bad(const module_config_t *c) { (void)c; abort(); }',
        hooks: { init: 'bad' },
      }),
    },
    'rolledBack',
    'HM508',
  ],
  ['a text as build output', { 'modules/counter/module.json': command('echo hello > out.so') }, 'refused', 'HM301'],
  [
    'a library cut off',
    {
      'modules/counter/module.json': command(`${compile} && head -c 3000 whole.so > out.so`),
    },
    'refused',
    'HM302',
  ],
  [
    'a library for another machine',
    { 'modules/counter/module.json': command(`${compile} && ${alien} && mv whole.so out.so`) },
    'refused',
    'HM304',
  ],
  [
    'a build command that fails',
    { 'modules/counter/module.json': command('echo no rule; exit 3') },
    'buildFailed',
    'HM207',
  ],
] as const;

describe('a running session, given', () => {
  test('each bad edit, says what is wrong, keeps counting, and is well again when the earlier text is back', async () => {
    await using dir = await tempDir(goodProject);
    await using running = await openTestSession(dir.path);
    await waitFor(async () => (await count(running)) > 0, 'the first frames');
    let last = await count(running);
    for (const [name, files, expected, code] of faults) {
      const since = running.events.length;
      await writeFiles(dir.path, files);
      const event = await outcome(running, since);
      expect(event.outcome, name).toBe(expected);
      expect(event.from, name).toBe(1);
      expect(
        event.reasons.map((reason) => reason.code),
        name,
      ).toContain(code);
      for (const reason of event.reasons) {
        expect(findCode(reason.code)?.remedy, `${name}: ${reason.code}`).toBeTruthy();
        expect(reason.message, name).not.toContain('.hotmod');
        expect(reason.recommendation, name).toBeTruthy();
      }
      expect(shown(running), name).toMatchObject({ stage: 'failed', generation: 1 });
      await waitFor(async () => (await count(running)) > last, `frames after ${name}`);
      last = await count(running);

      const mended = running.events.length;
      await rm(join(dir.path, 'modules/counter/module.json'), { force: true });
      await writeFile(join(dir.path, source), counterSource());
      await waitFor(
        () => running.events.slice(mended).some((one) => one.type === 'module:current' && one.module === 'counter'),
        `the earlier text to be seen again after ${name}`,
      );
      await running.session.idle();
      const now = shown(running);
      expect(now, name).toMatchObject({ stage: 'running', failure: '', level: 'SAFE', generation: 1, problems: [] });
      expect(
        now.reasons?.filter((reason) => reason.level !== 'SAFE'),
        name,
      ).toEqual([]);
      expect(await count(running), name).toBeGreaterThanOrEqual(last);
    }
    expect(running.events.filter((event) => event.type === 'host:crash')).toEqual([]);
    expect(running.events.filter((event) => event.type === 'host:up')).toHaveLength(1);
    expect(await count(running, 'other')).toBeGreaterThanOrEqual(last);
  });

  for (const [hook, parameters, code] of [
    ['prepare_reload', 'void', 'HM502'],
    ['save_state', 'void **d, size_t *n', 'HM503'],
  ] as const) {
    test(`a running version whose ${hook} fails, goes on with it, count and all`, async () => {
      await using dir = await tempDir({ ...goodProject, [source]: counterSource(returns(hook, parameters)) });
      await using running = await openTestSession(dir.path, { stepped: true });
      await running.session.step(10);
      const since = running.events.length;
      await writeFile(join(dir.path, source), counterSource({ by: 100 }));
      const event = await outcome(running, since);
      expect(event).toMatchObject({ outcome: 'rolledBack', reasons: [{ code }], from: 1 });
      await running.session.step(5);
      expect(await count(running)).toBe(15);
    });
  }

  test('a configuration and a module.json that are garbage, keeps its settings, and takes the mended ones', async () => {
    await using dir = await tempDir({ ...goodProject, 'hotmod.config.json': '{}' });
    await using running = await openTestSession(dir.path);
    const rejections = () => running.events.filter((event) => event.type === 'config:rejected');
    const shownConfig = () => running.events.reduce(reduce, initialState).rejectedConfig;
    for (const [file, text, code] of [
      ['hotmod.config.json', Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28]), 'HM101'],
      ['hotmod.config.json', '{"host": {"rat": 30}}', 'HM102'],
      ['modules/counter/module.json', '{"biuld": {}}', 'HM104'],
    ] as const) {
      const before = rejections().length;
      const last = await count(running);
      await writeFile(join(dir.path, file), text);
      await waitFor(() => rejections().length > before, `${file} to be turned down`);
      expect(rejections().at(-1)).toMatchObject({ code, file: join(dir.path, file) });
      expect(shownConfig()?.code).toBe(code);
      await writeFile(join(dir.path, file), '{}');
      await waitFor(() => shownConfig() === null, `${file} to be taken back`);
      await running.session.idle();
      expect(await count(running)).toBeGreaterThanOrEqual(last);
    }
    expect(running.outcomes('counter')).toHaveLength(1);
  });

  test('a folder that goes and comes back, shows that the module runs on, and takes it up again as it was', async () => {
    await using dir = await tempDir(goodProject);
    await using running = await openTestSession(dir.path, { stepped: true });
    await running.session.step(5);
    await rename(join(dir.path, 'modules/counter'), join(dir.path, 'elsewhere'));
    await waitFor(() => running.events.some((event) => event.type === 'module:removed'), 'the folder to be missed');
    await running.session.idle();
    expect(shown(running)).toMatchObject({ stage: 'stopped', failure: 'folder gone', problems: [{ code: 'HM523' }] });
    await running.session.step(5);
    expect(await count(running)).toBe(10);
    await rename(join(dir.path, 'elsewhere'), join(dir.path, 'modules/counter'));
    await waitFor(
      () => running.events.some((event) => event.type === 'module:current' && event.module === 'counter'),
      'the folder to be found',
    );
    await running.session.idle();
    expect(shown(running)).toMatchObject({ stage: 'running', generation: 1, version: '1.0.0', problems: [] });
    await running.session.step(1);
    expect(await count(running)).toBe(11);
  });

  test('a compiler that is gone, says so, runs on, and builds again when it is back', async () => {
    const clang = await findClang();
    await using dir = await tempDir(goodProject);
    const link = join(dir.path, 'bin/clang');
    await mkdir(join(dir.path, 'bin'));
    await symlink(clang, link);
    await writeFile(join(dir.path, 'hotmod.config.json'), JSON.stringify({ build: { compiler: link } }));
    await using running = await openTestSession(dir.path, { stepped: true });
    await running.session.step(5);
    await rm(link);
    let since = running.events.length;
    await writeFile(join(dir.path, source), counterSource({ by: 2 }));
    expect(await outcome(running, since)).toMatchObject({ outcome: 'buildFailed', reasons: [{ code: 'HM214' }] });
    await running.session.step(1);
    expect(await count(running)).toBe(6);
    await symlink(clang, link);
    since = running.events.length;
    await writeFile(join(dir.path, source), counterSource({ by: 3 }));
    expect(await outcome(running, since)).toMatchObject({ outcome: 'reloaded' });
    await running.session.step(1);
    expect(await count(running)).toBe(9);
  });

  test('a file where its cache folder belongs, fails the build alone, and goes on when it is out of the way', async () => {
    await using dir = await tempDir(goodProject);
    await using running = await openTestSession(dir.path, { stepped: true });
    await running.session.step(5);
    const cache = join(dir.path, '.hotmod/cache');
    await rm(cache, { recursive: true });
    await writeFile(cache, '');
    let since = running.events.length;
    await writeFile(join(dir.path, source), counterSource({ by: 2 }));
    const failed = await outcome(running, since);
    expect(failed).toMatchObject({ outcome: 'buildFailed', reasons: [{ code: 'HM210' }] });
    await running.session.step(1);
    expect(await count(running)).toBe(6);
    await rm(cache);
    since = running.events.length;
    await writeFile(join(dir.path, source), counterSource({ by: 4 }));
    expect(await outcome(running, since)).toMatchObject({ outcome: 'reloaded' });
    await running.session.step(1);
    expect(await count(running)).toBe(10);
    expect(await readFile(join(dir.path, source), 'utf8')).toContain('+= 4');
  });
});
