import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finish, repository, Toolbox } from '../helpers/module-toolbox.js';
import { testWith } from '../helpers/programs.js';

const names = ['simulation', 'traffic', 'weather', 'graphics'] as const;
type Libraries = Readonly<Record<string, string>>;

describe('the sample city', () => {
  let tools: Toolbox;
  let driver: string;
  let city: Libraries;

  beforeAll(async () => {
    tools = await Toolbox.open();
    driver = await tools.program(join(repository, 'test/helpers/module-driver.c'));
    city = await build('clang');
  });
  afterAll(() => tools[Symbol.asyncDispose]());

  const build = async (compiler: 'clang' | 'gcc'): Promise<Libraries> => {
    const libraries = names.map((name) => tools.module(join(repository, 'modules', name), compiler));
    return Object.fromEntries((await Promise.all(libraries)).map((library, i) => [names[i] ?? '', library]));
  };

  const view = async (libraries: Libraries, frames: number, ...more: readonly string[]): Promise<string> => {
    const given = Object.entries(libraries).map(([name, library]) => `${name}=${library}`);
    const result = await finish(driver, ['--frames', `${frames}`, '--view', 'graphics', ...more, ...given]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    return result.stdout;
  };

  /** A sample with some of its text replaced, built as another version of it. */
  const edited = async (name: string, file: string, from: string, to: string): Promise<string> => {
    const copy = join(tools.dir, `edit-${name}-${file}`);
    await cp(join(repository, 'modules'), copy, { recursive: true });
    const path = join(copy, name, file);
    const text = await readFile(path, 'utf8');
    expect(text).toContain(from);
    await writeFile(path, text.replace(from, to));
    return tools.module(join(copy, name));
  };

  testWith('gcc', 'g++')(
    'compiles without a warning under gcc as it does under clang, and draws the same picture with either',
    async () => {
      expect(await view(await build('gcc'), 2000)).toBe(await view(city, 2000));
    },
  );

  it('draws twelve lines of at most 58 columns at every hour of the year', async () => {
    const pictures = await view(city, 20_000, '--every', '250');
    const lines = pictures.split('\n').slice(0, -1);
    expect(lines).toHaveLength(80 * 12);
    expect(lines.filter((line) => [...line].length > 58)).toEqual([]);
    expect(pictures).not.toContain('�');
  });

  it('lights its windows at night and not at noon', async () => {
    const windows = (picture: string): number => picture.split('▪').length - 1;
    // The clock starts at 7:00 and a day has 480 frames: 300 frames later it is 22:00, 100 frames later noon.
    expect(windows(await view(city, 300))).toBeGreaterThan(10);
    expect(windows(await view(city, 100))).toBe(0);
  });

  it('grows: there are more people and more floors after some weeks', async () => {
    const people = (picture: string): number => Number(/people (\d+)/.exec(picture)?.[1]);
    const before = await view(city, 100);
    const after = await view(city, 9_700);
    expect(people(after)).toBeGreaterThan(people(before) * 1.3);
    expect(after.split('│').length).toBeGreaterThan(before.split('│').length);
  });

  it('has rain and snow in the course of a year', async () => {
    const year = await view(city, 20_000, '--every', '100');
    expect(year).toContain('╱');
    expect(year).toContain('*');
  });

  it.each(names)('goes on when %s is not loaded', async (absent) => {
    const present = Object.fromEntries(Object.entries(city).filter(([name]) => name !== absent));
    expect((await view(present, 600)).length).toBeGreaterThan(0);
  });

  // simulation has no code for its state: test/e2e/city.test.ts reloads it with hotmod itself.
  it.each(names.filter((name) => name !== 'simulation'))(
    'draws on as if nothing had happened when %s is reloaded',
    async (name) => {
      const again = await tools.module(join(repository, 'modules', name));
      // The seconds of graphics drive stars and birds only and are not kept; everything else is.
      const kept = (picture: string): string => (name === 'graphics' ? (picture.split('\n')[11] ?? '') : picture);
      expect(kept(await view(city, 1500, '--reload', name, '1000', again))).toBe(kept(await view(city, 1500)));
    },
  );

  it('does not start weather whose assembly kernel disagrees with its reference', async () => {
    const [from, to] =
      process.arch === 'arm64' ? ['sshr v0.4s, v0.4s, #3', 'sshr v0.4s, v0.4s, #2'] : ['psrad $3,', 'psrad $2,'];
    const broken = await edited('weather', 'weather_kernel.S', from, to);
    const result = await finish(driver, ['--frames', '1', `weather=${broken}`]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('disagrees with its C reference');
  });

  it.each([
    ['traffic', 'traffic.cpp', 'PEOPLE_PER_CAR = 200.0', 'PEOPLE_PER_CAR = 40.0'],
    ['traffic', 'traffic.cpp', 'SAFE_DISTANCE = 2.0', 'SAFE_DISTANCE = 12.0'],
    ['weather', 'weather.c', '#define CLOUDINESS 0.30', '#define CLOUDINESS 0.95'],
    ['weather', 'weather.c', '#define WARMTH 0', '#define WARMTH -25'],
    ['simulation', 'simulation.c', '#define BUILDING_COST 900', '#define BUILDING_COST 90'],
    ['graphics', 'graphics.c', '#define WINDOW_LIT "▪"', '#define WINDOW_LIT "♥"'],
    ['graphics', 'graphics.c', '#define CAR_RIGHT "▗▆▖"', '#define CAR_RIGHT "@-@"'],
  ])('shows a difference after the edit that %s/%s invites: %s', async (name, file, from, to) => {
    const other = await edited(name, file, from, to);
    const pictures = await view({ ...city, [name]: other }, 4000, '--every', '100');
    expect(pictures).not.toBe(await view(city, 4000, '--every', '100'));
  });
});
