import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { engineSourceDir } from '../../src/host/paths.js';
import { counterSource, engineForTests, findClang, openBench } from '../helpers/host-modules.js';

const run = promisify(execFile);

test('a C program of its own can host modules with the same engine', async () => {
  await using bench = await openBench();
  const first = await bench.compile('counter', counterSource());
  const second = await bench.compile('counter', counterSource({ by: 100 }));
  const program = join(bench.dir, 'program');
  await writeFile(
    `${program}.c`,
    `
#include "hotmod_engine.h"
#include <stdio.h>
static void show(const char *module, const char *text, void *context) { (void)context; printf("%s %s\\n", module, text); }
int main(int argc, char **argv) {
  (void)argc;
  hot_options_t options = {.rate = 60, .stepped = 1};
  hot_entry_names_t entry = {.get_interface = "get_module_interface", .view = "module_view"};
  hot_committed_t done;
  hot_commit_report_t report;
  if (hot_engine_start(&options) != 0) return 1;
  if (hot_reload_module("counter", 1, argv[1], &entry, &done, &report) != 0) return 2;
  hot_step(5, 1.0 / 60);
  if (hot_reload_module("counter", 2, argv[2], &entry, &done, &report) != 0) return 3;
  hot_step(1, 1.0 / 60);
  hot_views(show, NULL);
  if (hot_reload_module("counter", 3, "/nonexistent.so", &entry, &done, &report) == 0) return 4;
  printf("%d %s\\n", report.failure.problem == HOT_NOT_LOADED, report.failure.module);
  hot_engine_stop();
  return 0;
}`,
  );
  const engine = await engineForTests();
  const flags = ['-Wall', '-Wextra', '-Werror', `-I${engineSourceDir}`, `-Wl,-rpath,${dirname(engine)}`];
  await run(await findClang(), [...flags, `${program}.c`, '-o', program, engine]);
  const { stdout } = await run(program, [first, second]);
  expect(stdout).toBe('counter 105\n1 counter\n');
});
