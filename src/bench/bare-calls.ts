import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * Loads the libraries it is given, calls one function of each in turn, at the rate it is given, and prints the mean
 * microseconds of such a round in each second.
 */
const source = `#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

int main(int count, char **arguments) {
  int rate = atoi(arguments[1]);
  int seconds = atoi(arguments[2]);
  int functions = 0;
  void (**update)(double) = calloc((size_t)count, sizeof *update);
  for (int n = 3; n + 1 < count; n += 2) {
    void *library = dlopen(arguments[n], RTLD_NOW | RTLD_LOCAL);
    void *found = library == NULL ? NULL : dlsym(library, arguments[n + 1]);
    if (found == NULL) return 1;
    memcpy(&update[functions++], &found, sizeof found);
  }
  for (int second = 0; second < seconds; second++) {
    double sum = 0;
    for (int frame = 0; frame < rate; frame++) {
      usleep((useconds_t)(1000000 / rate));
      double start = now();
      for (int n = 0; n < functions; n++) update[n](1.0 / rate);
      sum += now() - start;
    }
    printf("%f\\n", sum / rate);
  }
  return 0;
}
`;

export interface UpdateFunction {
  readonly library: string;
  readonly name: string;
}

/** What the machine needs to call these functions one after the other, without any engine: microseconds, a second each. */
export async function bareCalls(
  folder: string,
  functions: readonly UpdateFunction[],
  rate: number,
  seconds: number,
): Promise<readonly number[]> {
  const program = join(folder, 'bare-calls');
  await writeFile(`${program}.c`, source);
  await execa('clang', ['-O2', '-D_GNU_SOURCE', `${program}.c`, '-o', program, '-ldl']);
  const { stdout } = await execa(program, [
    String(rate),
    String(seconds),
    ...functions.flatMap(({ library, name }) => [library, name]),
  ]);
  return stdout.split('\n').map(Number);
}
