import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { killAllBuilds } from '../../src/build/groups.js';
import { buildProject } from '../helpers/build-project.js';
import { waitFor } from '../helpers/wait-for.js';

const files = { 'modules/demo/a.c': 'int a(void) { return 1; }\n' };

describe('a build that is superseded', () => {
  const slow = {
    'modules/demo/slow.cc': '#include <regex>\n#include <map>\nstd::regex r("a"); std::map<int, std::regex> m;\n',
  };

  test('stops its compiler, and leaves no process and no file', async () => {
    const stop = new AbortController();
    await using project = await buildProject(slow, {
      around(request, run) {
        const running = run(request);
        if (request.args.includes('-c')) setTimeout(() => stop.abort(), 0);
        return running;
      },
    });
    const result = await project.build('demo', stop.signal);
    expect(result).toMatchObject({ ok: false, superseded: true, library: '', diagnostics: [] });
    expect(processesNaming(project.root)).toEqual([]);
    expect(readdirSync(join(project.config.outDir, 'cache/tmp'))).toEqual([]);
    expect(existsSync(join(project.config.outDir, 'generations'))).toBe(false);
    expect(await project.build('demo')).toMatchObject({ ok: true, cached: false });
  });

  test('before it began starts nothing', async () => {
    await using project = await buildProject(files);
    expect(await project.build('demo', AbortSignal.abort())).toMatchObject({ superseded: true, settled: false });
    expect(project.started).toEqual([]);
  });

  test.each([
    ['hold its pipe', ''],
    ['have let go of its pipe', '>/dev/null 2>&1'],
  ])('ends a shell command with grandchildren that ignore SIGTERM and %s', async (_, output) => {
    const stop = new AbortController();
    const command = `(trap "" TERM; touch started; while :; do sleep 0.05; done) ${output} & wait`;
    await using project = await buildProject({ 'modules/demo/a.c': '' });
    const module = { ...project.module('demo') };
    const own = { ...module, build: { ...module.build, command, output: project.path('modules/demo/lib.so') } };
    const running = project.builder.build(own, { signal: stop.signal, rebuild: false, onProgress: () => undefined });
    await waitFor(() => existsSync(project.path('modules/demo/started')), 'the command to start');
    stop.abort();
    expect(await running).toMatchObject({ ok: false, superseded: true });
    expect(processesNaming(project.path('modules/demo'))).toEqual([]);
  });

  test('killAllBuilds ends everything at once', async () => {
    const command = 'touch started; sleep 1000 & wait';
    await using project = await buildProject({ 'modules/demo/a.c': '' });
    const module = project.module('demo');
    const own = { ...module, build: { ...module.build, command, output: project.path('modules/demo/lib.so') } };
    const running = project.builder.build(own, {
      signal: new AbortController().signal,
      rebuild: false,
      onProgress: () => undefined,
    });
    await waitFor(() => existsSync(project.path('modules/demo/started')), 'the command to start');
    killAllBuilds();
    expect(await running).toMatchObject({ ok: false, diagnostics: [{ code: 'HM207' }] });
    await waitFor(() => processesNaming(project.path('modules/demo')).length === 0, 'all processes to be gone');
  });
});

/** Command lines and working folders of live processes that name a path; zombies have neither. */
function processesNaming(path: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return line.includes(path) || readlinkSync(`/proc/${pid}/cwd`).startsWith(path);
    } catch {
      return false;
    }
  });
}
