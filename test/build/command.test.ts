import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ModuleBuild } from '../../src/config/resolved.js';
import { type BuildProject, buildProject, exportsOf } from '../helpers/build-project.js';
import { testWith } from '../helpers/programs.js';

const source = { 'modules/demo/a.c': 'int from_command(void) { return 1; }\n' };

function building(project: BuildProject, command: string, more: Partial<ModuleBuild> = {}) {
  const module = project.module('demo');
  const output = project.path('modules/demo/out/lib.so');
  const own = { ...module, build: { ...module.build, command, output, ...more } };
  const build = () =>
    project.builder.build(own, { signal: new AbortController().signal, rebuild: false, onProgress: () => undefined });
  return { own, build };
}

describe("a module's own build command", () => {
  for (const [kind, programs, command, files] of [
    ['a shell line', [], 'mkdir -p out && "$HOTMOD_CC" -shared -fPIC -I "$HOTMOD_INCLUDE" a.c -o "$HOTMOD_OUTPUT"', {}],
    [
      'make',
      ['make'],
      'make -s',
      { 'modules/demo/Makefile': 'out/lib.so: a.c\n\tmkdir -p out && clang -shared -fPIC $< -o $@\n' },
    ],
    [
      'cmake',
      ['cmake', 'make', 'cc'],
      'cmake -S . -B out -DCMAKE_LIBRARY_OUTPUT_DIRECTORY="$PWD/out" >/dev/null && cmake --build out >/dev/null',
      {
        'modules/demo/CMakeLists.txt':
          'cmake_minimum_required(VERSION 3.13)\nproject(x C)\nadd_library(x SHARED a.c)\nset_target_properties(x PROPERTIES OUTPUT_NAME lib PREFIX "")\n',
      },
    ],
  ] as const)
    testWith(...programs)(`may be ${kind}; its output becomes a generation named by content`, async () => {
      await using project = await buildProject({ ...source, ...files });
      const { build, own } = building(project, command);
      const first = await build();
      expect(first.diagnostics).toEqual([]);
      expect(first).toMatchObject({ ok: true, settled: true, cached: false });
      expect(exportsOf(first.library)).toContain('from_command');
      expect(readFileSync(first.library)).toEqual(readFileSync(project.path('modules/demo/out/lib.so')));
      expect(await build()).toMatchObject({ ok: true, settled: true, library: first.library, hash: first.hash });
      expect([...first.inputs.keys()]).toContain(project.path('modules/demo/a.c'));
      expect([...first.inputs.keys()]).not.toContain(project.path('modules/demo/out/lib.so'));
      expect(project.builder.isAffected(own, project.path('modules/demo/out/lib.so'))).toBe(false);
      expect(project.builder.isAffected(own, project.path('modules/demo/a.c'))).toBe(false);
      await project.write({ 'modules/demo/a.c': 'int other_name(void) { return 1; }\n' });
      expect(project.builder.isAffected(own, project.path('modules/demo/a.c'))).toBe(true);
      expect(exportsOf((await build()).library)).toContain('other_name');
    });

  test('that fails is HM207, beside the compile errors it printed', async () => {
    await using project = await buildProject({ 'modules/demo/a.c': 'int a(void) { return 1 }\n' });
    const { diagnostics } = await building(project, 'clang -shared a.c -o out.so; exit 3').build();
    expect(diagnostics).toMatchObject([
      { code: 'HM201', file: 'modules/demo/a.c', line: 1, column: 23 },
      { code: 'HM207', message: expect.stringContaining('ended with code 3') },
    ]);
  });

  test.each(['true', 'mkdir -p out && : > out/lib.so', 'mkdir -p out/lib.so'])(
    '`%s`, which leaves no library, is HM208',
    async (command) => {
      await using project = await buildProject(source);
      const { diagnostics } = await building(project, command).build();
      expect(diagnostics).toMatchObject([{ code: 'HM208', file: 'modules/demo/out/lib.so' }]);
    },
  );

  test('that writes objects beside the sources does not make its own build start again', async () => {
    await using project = await buildProject(source);
    const { build, own } = building(project, 'mkdir -p out; date +%N > stamp.o; clang -shared -fPIC a.c -o out/lib.so');
    for (let n = 0; n < 2; n++) {
      expect(await build()).toMatchObject({ ok: true, settled: true });
      expect(project.builder.isAffected(own, project.path('modules/demo/stamp.o'))).toBe(false);
    }
  });

  test('that generates a source anew each time settles in its second run', async () => {
    await using project = await buildProject(source);
    const { build, own } = building(
      project,
      'mkdir -p out; date +"int g%N;" > generated.c; touch x.o; clang -shared -fPIC *.c -o out/lib.so',
    );
    const first = await build();
    expect(first).toMatchObject({ ok: true, settled: false });
    expect([...first.inputs.keys()]).not.toContain(project.path('modules/demo/x.o'));
    expect(await build()).toMatchObject({ ok: true, settled: true });
    expect(project.builder.isAffected(own, project.path('modules/demo/generated.c'))).toBe(false);
  });

  test('is unsettled when a source is edited while it runs', async () => {
    await using project = await buildProject(source);
    const command = `mkdir -p out; clang -shared -fPIC a.c -o out/lib.so; [ -f done ] || echo 'int late;' > a.c; touch done`;
    const { build } = building(project, command);
    expect(await build()).toMatchObject({ ok: true, settled: false });
    const second = await build();
    expect(second).toMatchObject({ ok: true, settled: true });
    expect(exportsOf(second.library)).toContain('late');
  });
});
