import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProcess } from '../../src/build/run.js';
import { type BuildProject, buildProject } from '../helpers/build-project.js';
import { describeEachCompiler, programPath, testWith } from '../helpers/programs.js';
import { buildAfresh, openTestCache } from '../helpers/shared-cache.js';
import { tempDir } from '../helpers/temp-dir.js';
import { waitFor } from '../helpers/wait-for.js';
import { clang, openWarm, prepare, toolEnv } from '../helpers/warm.js';

const files = {
  'modules/demo/a.c': '#include <stdio.h>\n#include "own.h"\nint a(void) { return puts("a") + OWN; }\n',
  'modules/demo/own.h': '#define OWN 1\n',
};

/** A launcher that writes down what it is given, and does it. */
function noting(dir: string, script = 'exec "$@"'): { readonly file: string; readonly said: () => readonly string[] } {
  const file = join(dir, 'launcher');
  const log = join(dir, 'log');
  writeFileSync(file, `#!/bin/sh\necho "$@" >> ${log}\n${script}\n`);
  chmodSync(file, 0o755);
  return { file, said: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []) };
}

describeEachCompiler('a launcher, with %s', (compiler) => {
  test('is given every compile command, its own arguments first, and no link', async () => {
    await using dir = await tempDir();
    const { file, said } = noting(dir.path, 'shift; exec "$@"');
    await using project = await buildProject(files, { compiler });
    await using made = await buildAfresh(project, undefined, { launcher: [file, '--own'] });
    expect(made.result).toMatchObject({ ok: true, diagnostics: [] });
    expect(said()).toEqual([expect.stringMatching(/^--own \/\S+ .*-c modules\/demo\/a\.c -o \S+$/)]);
  });

  test('whose compiler gives another folder in the debug information is given the right one', async () => {
    await using dir = await tempDir();
    // As distcc does: what the preprocessor left is compiled somewhere else.
    const script = `
preprocessed=${dir.path}/unit.i
object=; args=; source=
while [ $# -gt 0 ]; do case "$1" in
  -o) object=$2; shift;; -c) ;; -MMD) ;; -MF) deps=$2; shift;; -MT) shift;;
  -I) shift;; *.c) source=$1;; *) args="$args $1";; esac; shift; done
set -- $args
"$@" -I modules/demo -E -MMD -MF $deps -MT object $source -o $preprocessed && cd / && "$@" -c $preprocessed -o $object`;
    const { file } = noting(dir.path, script);
    await using project = await buildProject(files, { compiler });
    await using made = await buildAfresh(project, undefined, { launcher: [file] });
    expect(made.result).toMatchObject({ ok: true, diagnostics: [] });
    expect(compiledIn(made.library)).toBe(project.root);
    expect([...made.result.inputs.keys()]).toContain(project.path('modules/demo/own.h'));
  });
});

/** The folder that stands in the debug information. */
function compiledIn(library: Buffer): string {
  const found = /(\/[^\0]*\/hotmod-test-\w+\/project)\0/.exec(library.toString('latin1'));
  return found?.[1] ?? 'none';
}

describe('a launcher', () => {
  test('takes the place of the loaded compiler', async () => {
    await using dir = await tempDir();
    const { file, said } = noting(dir.path);
    await using warm = openWarm();
    await prepare(warm, clang);
    await using project = await buildProject(files);
    const builder = project.another({ launcher: [file], run: warm.run, env: toolEnv });
    const request = { rebuild: false, onProgress: () => undefined, signal: new AbortController().signal };
    const result = await builder.build(project.module('demo'), request);
    expect(result.steps.find((step) => step.kind === 'compile')).toMatchObject({ cached: false, warm: false });
    expect(said()).toHaveLength(1);
  });

  test('that is gone when it is wanted is named, and the way out', async () => {
    await using project = await buildProject(files);
    await using made = await buildAfresh(project, undefined, { launcher: ['/nowhere/ccache'] });
    expect(made.result.diagnostics).toMatchObject([
      {
        code: 'HM214',
        message: expect.stringMatching(/^\/nowhere\/ccache could not be started \(ENOENT\); run `hotmod doctor`/),
      },
    ]);
  });

  test("keeps what it makes: it is in no cache of ours but the project's own", async () => {
    await using dir = await tempDir();
    const { file, said } = noting(dir.path);
    await using project = await buildProject(files);
    await using shared = openTestCache(join(dir.path, 'cache'));
    for (let n = 1; n <= 2; n++) {
      await using made = await buildAfresh(project, shared.cache, { launcher: [file] });
      expect(made.fromCache).toEqual([false]);
      expect(said()).toHaveLength(n);
      await shared.cache.settle();
    }
  });
});

async function header(project: BuildProject, value: number): Promise<void> {
  await project.write({ 'modules/demo/own.h': `#define OWN ${value}\n` });
}

describe('ccache', () => {
  testWith('ccache')('answers a clean build, and no edit of a header is lost by its answers', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files);
    const ccache = programPath('ccache') ?? '';
    const env = { ...toolEnv, CCACHE_DIR: dir.path };
    const hits = async (): Promise<number> => {
      const { output } = await runProcess({
        ...{ file: `${ccache} --print-stats`, args: [], cwd: dir.path, env, baseEnv: {}, shell: true },
        signal: new AbortController().signal,
      });
      return [...output.matchAll(/^(?:direct|preprocessed)_cache_hit\t(\d+)$/gm)].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      );
    };
    const request = { rebuild: false, onProgress: () => undefined, signal: new AbortController().signal };
    for (const [round, value] of [1, 2, 1, 2].entries()) {
      await header(project, value);
      await using made = await buildAfresh(project, undefined, { launcher: [ccache], env });
      await using clean = await buildAfresh(project, undefined, { launcher: ['/usr/bin/env'], env });
      expect(made.result).toMatchObject({ ok: true, diagnostics: [] });
      expect(made.library.equals(clean.library)).toBe(true);
      expect([...made.result.inputs]).toEqual([...clean.result.inputs]);
      // From the third round on it has both versions, and so each dependency file comes from it as well.
      expect(await hits()).toBe(Math.max(0, round - 1));
    }
    // In one session, whose own store answers first.
    const builder = project.another({ launcher: [ccache], env });
    const hashes: string[] = [];
    for (const value of [1, 2, 3, 1]) {
      await header(project, value);
      expect(builder.isAffected(project.module('demo'), project.path('modules/demo/own.h'))).toBe(true);
      hashes.push((await builder.build(project.module('demo'), request)).hash);
    }
    expect(new Set(hashes).size).toBe(3);
    expect(hashes[3]).toBe(hashes[0]);
  });
});

describe('distcc', () => {
  testWith('distcc', 'distccd')(
    'compiles on another machine, with the folder of this one in the debug information',
    async () => {
      await using dir = await tempDir();
      const port = await freePort();
      const log = join('/var/tmp', `hotmod-distccd-${process.pid}`);
      // It gives up root for a user of its own, which needs a place for what it writes.
      mkdirSync(log, { mode: 0o777 });
      chmodSync(log, 0o777);
      const args = ['--daemon', '--no-detach', '--listen', '127.0.0.1', '--port', String(port), '--allow', '127.0.0.1'];
      const server = spawn('distccd', [...args, '--jobs', '2', '--log-file', join(log, 'log'), '--verbose'], {
        env: { ...toolEnv, TMPDIR: log },
        stdio: 'ignore',
      });
      try {
        const env = { ...toolEnv, DISTCC_HOSTS: `127.0.0.1:${port}`, DISTCC_DIR: dir.path, DISTCC_FALLBACK: '0' };
        const said = (): string => (existsSync(join(log, 'log')) ? readFileSync(join(log, 'log'), 'utf8') : '');
        await waitFor(
          () => /listening on|waiting to accept|preforking/.test(said()),
          () => `distccd: ${said()}`,
        );
        const cxx = '#include <string>\nextern "C" int b() { return (int)std::string("b").size(); }\n';
        await using project = await buildProject({ ...files, 'modules/demo/b.cpp': cxx });
        const launcher = [programPath('distcc') ?? ''];
        await using made = await buildAfresh(project, undefined, { launcher, env });
        expect(made.result, said()).toMatchObject({ ok: true, diagnostics: [] });
        expect(compiledIn(made.library)).toBe(project.root);
        expect([...made.result.inputs.keys()]).toContain(project.path('modules/demo/own.h'));
        expect(said().match(/COMPILE_OK/g)).toHaveLength(2);
      } finally {
        server.kill('SIGTERM');
        await new Promise((resolve) => server.once('close', resolve));
        rmSync(log, { recursive: true, force: true });
      }
    },
  );
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
