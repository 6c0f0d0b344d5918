import { describe, expect, test } from 'vitest';
import { damageSection } from '../helpers/damaged-library.js';
import { layLibrary } from '../helpers/laid-library.js';

const city = (step: number): string => `
struct city { int day; double money; char name[16]; struct city *next; };
struct city g = { 1, 2.5, "x", 0 };
static long count;
int get(void) { return g.day; }
void m_update(double dt) { (void)dt; count += ${step}; g.day++; g.next = &g; }
`;

const stateless = (number: number): string => `int m_answer(void) { return ${number}; }
void m_update(double dt) { (void)dt; }
`;

describe('debug information that cannot be read', () => {
  const endless = (bytes: Uint8Array): void => void bytes.fill(0xff, bytes.length - 12);
  test.each([
    ['abbreviations of zeros', '.debug_abbrev', (bytes: Uint8Array) => void bytes.fill(0)],
    [
      'entries overwritten from the middle on',
      '.debug_info',
      (bytes: Uint8Array) => void bytes.fill(0xff, bytes.length / 2),
    ],
    ['names that lie outside their section', '.debug_str_offsets', endless],
  ])('%s refuse a reload of a module with state, which runs on', async (_what, section, damage) => {
    const { running, compile, reload, value } = await layLibrary(city(1));
    await running.session.step(10);
    const refused = await reload(damageSection(await compile(city(2)), section, damage));
    expect(refused).toMatchObject({ outcome: 'refused', level: 'UNSAFE', reasons: [{ code: 'HM438' }] });
    await running.session.step(5);
    expect(await value('count')).toBe(15);
    expect(await reload(await compile(city(3)))).toMatchObject({ outcome: 'reloaded', level: 'SAFE' });
    await running.session.step(1);
    expect(await value('count')).toBe(18);
    expect(running.events.filter((event) => event.type === 'session:problem')).toEqual([]);
  });

  test('of the version that runs refuse too; inspect, call and the state panel say why', async () => {
    const { running, compile, reload } = await layLibrary(city(1));
    const { session } = running;
    // Names of types and fields, which nothing reads before their values are asked for.
    const broken = damageSection(await compile(city(2)), '.debug_str_offsets', (bytes) => bytes.fill(0xff, 28, 40));
    expect(await reload(broken, { force: true })).toMatchObject({ outcome: 'reloaded', level: 'UNSAFE' });
    const clear = { code: 'HM438', message: expect.stringContaining('types of m cannot be read') };
    await expect(session.inspect({ module: 'm', path: null, elements: 8, follow: 0 })).rejects.toMatchObject(clear);
    await expect(session.call({ module: 'm', function: 'get', args: { text: [] } })).rejects.toMatchObject(clear);
    session.watchState('m');
    const end = session.live(5);
    await running.bus.next('module:state', (event) => event.problem?.includes('cannot be read') === true);
    end();
    const answer = await reload(await compile(city(3)));
    expect(answer).toMatchObject({ outcome: 'refused', level: 'UNSAFE', reasons: [{ code: 'HM438' }] });
    expect(await reload(await compile(city(3)), { force: true })).toMatchObject({ outcome: 'reloaded' });
    expect(running.events.filter((event) => event.type === 'session:problem')).toEqual([]);
  });

  test('a module whose types are damaged goes on after a crash: putting its variables back needs no types', async () => {
    const { running, compile, reload } = await layLibrary(city(1));
    const crashing = city(2).replace('count += 2;', 'count += 2; if (count == 300) *(volatile int *)0 = 1;');
    const broken = damageSection(await compile(crashing), '.debug_str_offsets', endless);
    expect(await reload(broken, { force: true })).toMatchObject({ outcome: 'reloaded', level: 'UNSAFE' });
    await running.session.step(200);
    expect(running.events.findLast((event) => event.type === 'module:restarted')).toMatchObject({
      message: expect.stringContaining('as they were at the last frame boundary'),
    });
    const gaveUp = await Promise.race([running.session.gaveUp, running.session.step(1)]);
    expect(gaveUp).toBe(undefined);
  });

  const strips: readonly (readonly [string, readonly string[]])[] = [
    ['no -g', []],
    ['-g1', ['-g1']],
    ['-g and -Wl,--strip-debug', ['-g', '-Wl,--strip-debug']],
    ['-g and -Wl,--strip-all', ['-g', '-Wl,--strip-all']],
  ];
  test.each(strips)('built with %s: state refuses, a module without state is safe', async (_what, flags) => {
    const { running, compile, reload, value } = await layLibrary(city(1));
    await running.session.step(10);
    const refused = await reload(await compile(city(2), flags));
    expect(refused).toMatchObject({ outcome: 'refused', level: 'UNSAFE', reasons: [{ code: 'HM438' }] });
    await running.session.step(5);
    expect(await value('count')).toBe(15);
    expect(await reload(await compile(city(2), flags), { force: true })).toMatchObject({ outcome: 'reloaded' });

    // Without any symbols nobody knows what the few writable bytes are that the C runtime needs.
    const level = flags.includes('-Wl,--strip-all') ? 'UNSAFE' : 'SAFE';
    const other = await layLibrary(stateless(1), flags);
    expect(await other.reload(await compile(stateless(2), flags))).toMatchObject({ level });
  });
});
