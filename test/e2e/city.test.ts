import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/paths.js';
import type { Json } from '../../src/report/cases/types.js';
import { openTestSession, type TestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

interface City {
  readonly people: number;
  readonly money: number;
  readonly day: number;
}

async function liveValue({ session }: TestSession, path: string): Promise<Json> {
  const { values } = await session.inspect({ module: 'simulation', path, elements: 64, follow: 0 });
  return values[0]?.value ?? null;
}

async function cityOf(running: TestSession, people = 'people'): Promise<City> {
  const read = async (name: string): Promise<number> => Number(await liveValue(running, `world.city.${name}`));
  return { people: await read(people), money: await read('money'), day: await read('day') };
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  expect(text).toContain(from);
  await writeFile(file, text.replaceAll(from, to));
}

test('the sample city keeps its people and money while its struct is edited, without a line of code for it', {
  timeout: 120_000,
}, async () => {
  await using dir = await tempDir();
  await cp(join(packageRoot, 'modules'), join(dir.path, 'modules'), { recursive: true });
  const header = join(dir.path, 'modules/shared/city.h');
  const source = join(dir.path, 'modules/simulation/simulation.c');
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  const { session } = running;
  await session.step(2000);

  const reload = async (): Promise<void> => {
    await session.refresh();
    await session.idle();
    expect(running.outcomes('simulation').at(-1)).toMatchObject({ outcome: 'reloaded', level: 'WARNING' });
  };
  const before = await cityOf(running);
  expect(before.people).toBeGreaterThan(900);

  await edit(header, '  season_t season;', '  int32_t visitors;\n  season_t season;');
  await reload();
  expect(await cityOf(running)).toEqual(before);
  expect(await liveValue(running, 'world.city.visitors')).toBe(0);

  await edit(header, '  double money;     /*', '  uint32_t day_moved; double money;     /*');
  await edit(header, '  uint32_t day;     /* counted from 1 */\n', '');
  await edit(header, 'uint32_t day_moved; double', 'uint64_t day; double');
  await reload();
  expect(await cityOf(running)).toEqual(before);

  for (const name of ['simulation/simulation.c', 'graphics/graphics.c', 'traffic/traffic.cpp', 'weather/weather.c']) {
    const file = join(dir.path, 'modules', name);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll('->people', '->citizens').replaceAll('.people', '.citizens'));
  }
  await edit(header, '#include "module_interface.h"', '#include "hotmod_state.h"\n#include "module_interface.h"');
  await edit(header, '  double people;', '  double citizens HOTMOD_WAS("people");');
  await reload();
  expect(await cityOf(running, 'citizens')).toEqual(before);

  await edit(source, '  uint32_t seed;\n  city_t city;', '  city_t city;\n  uint64_t seed;');
  await edit(source, 'build_floors(city, &world.seed)', 'build_floors(city, (uint32_t *)&world.seed)');
  await edit(source, 'city_random(&world.seed)', 'city_random((uint32_t *)&world.seed)');
  await reload();
  expect(await cityOf(running, 'citizens')).toEqual(before);

  await session.step(600);
  const later = await cityOf(running, 'citizens');
  expect(later.day).toBeGreaterThan(before.day);
  expect(running.outcomes('simulation').map((one) => one.outcome)).toEqual([
    'loaded',
    'reloaded',
    'reloaded',
    'reloaded',
    'reloaded',
  ]);
});
