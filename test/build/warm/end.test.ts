import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../helpers/temp-dir.js';
import { waitFor } from '../../helpers/wait-for.js';
import { fakeClang, openWarm, prepare, toolRequest } from '../../helpers/warm.js';

/** Writes its output, and then takes itself apart for as long as the test wants. */
const source = `#include <stdio.h>
#include <unistd.h>
static char out[4096], go[4096], gone[4096];
static FILE *file;
int main(int argc, char **argv) {
  (void)argc;
  snprintf(out, sizeof out, "%s/out", argv[1]);
  snprintf(go, sizeof go, "%s/go", argv[1]);
  snprintf(gone, sizeof gone, "%s/gone", argv[1]);
  file = fopen(out, "w");
  fputs("all of it", file);
  fputs("a message\\n", stderr);
  return 0;
}
__attribute__((destructor)) static void take_apart(void) {
  if (go[0] == 0) return;
  for (int left = 20000; left > 0 && access(go, F_OK) != 0; left--) usleep(1000);
  fclose(fopen(gone, "w"));
}
`;

test('a run of a loaded tool has its answer when main has ended, and takes itself apart afterwards, to the end', async () => {
  await using dir = await tempDir();
  await using warm = openWarm();
  const file = fakeClang(join(dir.path, 'bin'), source);
  await prepare(warm, file);
  const out = join(dir.path, 'out');
  const result = await warm.run(toolRequest(file, [dir.path], { cwd: dir.path, makes: out }));
  expect(result).toMatchObject({ exitCode: 0, output: 'a message\n', warm: true });
  expect(readFileSync(out, 'utf8')).toBe('all of it');

  const other = await warm.run(toolRequest(file, [dir.path], { cwd: dir.path, makes: out }));
  expect(other).toMatchObject({ exitCode: 0, output: 'a message\n', warm: true });
  expect(existsSync(join(dir.path, 'gone'))).toBe(false);
  writeFileSync(join(dir.path, 'go'), '');
  await waitFor(() => existsSync(join(dir.path, 'gone')), 'what follows main');
});

test.each(['return', 'exit', '_exit', '_Exit'])('a run that ends by %s has its code and what it wrote', async (how) => {
  await using dir = await tempDir();
  await using warm = openWarm();
  const end = how === 'return' ? 'return 1;' : `${how}(1);`;
  const text = `#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void) { fputs("error: all of it", stderr); ${end} }
`;
  const file = fakeClang(join(dir.path, 'bin'), text);
  await prepare(warm, file);
  const result = await warm.run(toolRequest(file, [], { cwd: dir.path }));
  expect(result).toMatchObject({ exitCode: 1, signal: '', output: 'error: all of it', warm: true });
});
