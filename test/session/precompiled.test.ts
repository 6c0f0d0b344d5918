import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../helpers/host-modules.js';
import { openTestSession } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';

const source = (body: string): string => `#include "house.h"
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>
static std::map<std::string, std::vector<int>> houses;
static int g_days;
static int tax(int *house) {
  return price_of(house) / 10;
}
extern "C" void city_update(double) { ${body} }
`;

test('what runs after an edit with precompiled headers has kept its state, and its crashes are told with file and line', {
  timeout: 60_000,
}, async () => {
  await using dir = await tempDir({
    'modules/city/city.cpp': source('g_days++;'),
    'modules/city/house.h': '#pragma once\ninline int price_of(int *house) {\n  return *house;\n}\n',
  });
  await using running = await openTestSession(dir.path, { stepped: true });
  const save = async (body: string) => {
    const before = running.outcomes('city').length;
    await writeFile(join(dir.path, 'modules/city/city.cpp'), source(body));
    await waitFor(() => running.outcomes('city').length > before, 'the reload');
    return running.events.filter((event) => event.type === 'build:done').at(-1);
  };
  await running.session.step(3);
  expect(await save('g_days += 2; houses["a"].push_back(1);')).not.toHaveProperty('precompiled');
  const store = join(dir.path, '.hotmod/cache/pch');
  await waitFor(
    () => existsSync(store) && readdirSync(store).some((key) => existsSync(join(store, key, 'entry.json'))),
    'the precompiled header',
    30_000,
  );
  expect(await save('g_days += 4; if (g_days > 100) tax(0);')).toMatchObject({ ok: true, precompiled: 1 });
  expect(running.outcomes('city').at(-1)).toMatchObject({ outcome: 'reloaded', level: 'SAFE' });
  await running.session.step(1);
  const { values } = await running.session.inspect({ module: 'city', path: 'g_days', elements: 1, follow: 0 });
  expect(values[0]?.value).toBe(7);

  expect(await save('g_days += 4; tax(0);')).toMatchObject({ precompiled: 1 });
  await running.session.step(1);
  await until(() => running.outcomes('city').at(-1)?.outcome === 'rolledBack');
  const crash = running.events.find((event) => event.type === 'host:crash');
  expect(crash?.stack.map((one) => `${one.function} ${one.file}:${one.line}`).slice(0, 3)).toEqual([
    'price_of modules/city/house.h:3',
    'tax modules/city/city.cpp:10',
    'city_update modules/city/city.cpp:12',
  ]);
});
