import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProcess } from '../../../src/build/run.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { fakeClang, openWarm, prepare, toolRequest } from '../../helpers/warm.js';

/** Writes down all that a program can see of how it was started, into the file named last. */
const lookAround = `#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
extern char **environ;
static int constructed;
__attribute__((constructor)) static void construct(int argc, char **argv, char **env) {
  constructed = argc * 1000 + (getenv("MARK") != NULL) * 100 + (argv[argc] == NULL) * 10 + (env == environ);
}
int main(int argc, char **argv, char **env) {
  FILE *out = fopen(argv[argc - 1], "w");
  char text[5000];
  for (int n = 0; n < argc; n++) fprintf(out, "argv %s\\n", argv[n]);
  for (int n = 0; env[n]; n++) fprintf(out, "env %s\\n", env[n]);
  fprintf(out, "constructed %d, environ %d, behind argv %d\\n", constructed, env == environ, env == argv + argc + 1);
  fprintf(out, "cwd %s\\n", getcwd(text, sizeof text));
  fprintf(out, "names %s %s\\n", program_invocation_name, program_invocation_short_name);
  fprintf(out, "page %lu, clock %lu\\n", getauxval(AT_PAGESZ), getauxval(AT_CLKTCK));
  mode_t mask = umask(0);
  fprintf(out, "umask %o\\n", (unsigned)mask);
  fprintf(out, "leads its group %d\\n", getpgrp() == getpid());
  for (int n = 1; n < 65; n++) {
    struct sigaction action;
    if (sigaction(n, NULL, &action) == 0 && action.sa_handler != SIG_DFL) fprintf(out, "signal %d is not at its default\\n", n);
  }
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  for (int n = 1; n < 65; n++) if (sigismember(&blocked, n) == 1) fprintf(out, "signal %d is blocked\\n", n);
  for (int n = 0; n < RLIM_NLIMITS; n++) {
    struct rlimit limit;
    getrlimit(n, &limit);
    fprintf(out, "limit %d %lu %lu\\n", n, (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
  }
  for (int n = 0; n < 64; n++) {
    if (n == fileno(out) || fcntl_is_closed(n)) continue;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", n);
    ssize_t size = readlink(path, text, sizeof text - 1);
    text[size < 0 ? 0 : size] = 0;
    fprintf(out, "descriptor %d %s\\n", n, n == 2 ? "" : text);
  }
  fprintf(out, "output is descriptor %d\\n", fileno(out));
  ssize_t size = readlink("/proc/self/exe", text, sizeof text - 1);
  text[size] = 0;
  fprintf(out, "program %s\\n", text);
  FILE *comm = fopen("/proc/self/comm", "r");
  fprintf(out, "comm %s", fgets(text, sizeof text, comm));
  fprintf(stderr, "said to stderr\\n");
  printf("said to stdout\\n");
  return fclose(out);
}
`.replace(
  'extern char **environ;',
  `#include <fcntl.h>
static int fcntl_is_closed(int fd) { return fcntl(fd, F_GETFD) < 0; }
extern char **environ;`,
);

describe('a run of a loaded tool', () => {
  test('sees what it would see had it been started for it: arguments, environment, folder, descriptors, signals, limits', async () => {
    await using dir = await tempDir({ 'cwd one/.keep': '', 'cwd two/.keep': '' });
    const file = fakeClang(join(dir.path, 'bin'), lookAround);
    await using warm = openWarm();
    await prepare(warm, file);
    for (const [folder, mark] of [
      ['cwd one', 'first ä'],
      ['cwd two', 'line\nbreak'],
      ['cwd one', ''],
    ] as const) {
      const args = ['-c', 'a b', '', '$"\'\\', join(dir.path, 'seen')];
      const request = {
        ...toolRequest(file, args, { cwd: join(dir.path, folder) }),
        // What the loader saw when the tool was loaded stays the same; the folder for temporary files is another each time.
        env: { LC_ALL: 'C', TMPDIR: mark },
      };
      const expected = await runProcess(request);
      const plain = readFileSync(join(dir.path, 'seen'), 'utf8');
      const result = await warm.run(request);
      expect(result).toEqual({ ...expected, warm: true });
      expect(readFileSync(join(dir.path, 'seen'), 'utf8')).toBe(plain);
      expect(plain).toContain('env LC_ALL=C');
      expect(plain).toContain(`cwd ${join(dir.path, folder)}`);
    }
    expect(warm.plain).toEqual([]);
  });

  test('never sees the environment of a run before it', async () => {
    await using dir = await tempDir();
    const source = `#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) { (void)argc; const char *mark = getenv("MARK"); FILE *out = fopen(argv[1], "w");
  fprintf(out, "%s", mark ? mark : "none"); return fclose(out); }`;
    const file = fakeClang(join(dir.path, 'bin'), source);
    const out = join(dir.path, 'out');
    await using warm = openWarm();
    const seen: string[] = [];
    for (const env of [{ MARK: 'one' }, { MARK: 'two' }, {}, { MARK: 'one' }] as Readonly<Record<string, string>>[]) {
      await prepare(warm, file, env);
      const result = await warm.run(toolRequest(file, [out], { cwd: dir.path, env: { LC_ALL: 'C', ...env } }));
      expect(result).toMatchObject({ exitCode: 0, warm: true });
      seen.push(readFileSync(out, 'utf8'));
    }
    expect(seen).toEqual(['one', 'two', 'none', 'one']);
  });

  test.each([
    ['exit code 1 with an error', 'fprintf(stderr, "x: error: y\\n"); return 1;', { exitCode: 1, warm: true }],
    [
      'a large output',
      'for (int n = 0; n < 300000; n++) fprintf(stderr, "error %d\\n", n); return 1;',
      { exitCode: 1, warm: true },
    ],
    [
      'an output that ends within a character',
      'fprintf(stderr, "error \\xc3"); return 1;',
      { exitCode: 1, warm: true },
    ],
    [
      'children that write after it has ended',
      'if (fork() == 0) { usleep(50000); fprintf(stderr, "late error"); } return 1;',
      { exitCode: 1, warm: true },
    ],
    ['exit code 3', 'return 3;', { exitCode: 3 }],
    [
      'a signal',
      'fprintf(stderr, "before"); kill(getpid(), SIGSEGV); return 0;',
      { exitCode: null, signal: 'SIGSEGV' },
    ],
  ])('ends with %s as the plain command does', async (_, body, expected) => {
    await using dir = await tempDir();
    const source = `#include <signal.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(void) { ${body} }`;
    const file = fakeClang(join(dir.path, 'bin'), source);
    await using warm = openWarm();
    await prepare(warm, file);
    const request = toolRequest(file, [], { cwd: dir.path });
    const { warm: _warm, ...result } = await warm.run(request);
    expect(result).toEqual(await runProcess(request));
    expect({ ...result, warm: _warm }).toMatchObject(expected);
    // A tool that behaves the same in both ways is not blamed for it.
    expect(result.fallback).toBeUndefined();
  });
});
