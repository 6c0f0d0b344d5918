import { readFile } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import type { BuildResult } from '../../src/build/types.js';
import { readMachO } from '../../src/objfile/macho.js';
import { machOImage } from '../../src/objfile/macho-image.js';
import { readCodeSignature } from '../../src/objfile/macho-signature.js';
import type { MachOFile } from '../../src/objfile/macho-types.js';
import { targets } from '../../src/target/targets.js';
import { type BuildProject, buildProject, toolchainOf } from '../helpers/build-project.js';
import { machOLinker } from '../helpers/macho-workspace.js';
import { testWith } from '../helpers/programs.js';

const testLinked = testWith(machOLinker);

/** The little of an SDK that one call needs: a header, and the list of what libSystem exports. */
const sdk = {
  'sdk/usr/include/stdio.h': 'int printf(const char *, ...);\n',
  'sdk/usr/lib/libSystem.tbd': `--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '/usr/lib/libSystem.B.dylib'
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ _printf, dyld_stub_binder ]
...
`,
};

async function build(project: BuildProject, name: string, env: Readonly<Record<string, string>>): Promise<BuildResult> {
  const target = targets({ platform: 'linux', arch: 'x64' }).get(name);
  if (target === undefined) throw new Error(`there is no target ${name}`);
  const config = { ...project.config, target };
  const toolchain = toolchainOf('clang', 'lld');
  const path = { PATH: process.env.PATH ?? '' };
  const builder = project.another({ config, toolchain, env: { ...path, ...env } });
  const request = { signal: new AbortController().signal, rebuild: false, onProgress: () => undefined };
  return builder.build(project.module('demo'), request);
}

async function read({ library }: BuildResult): Promise<MachOFile> {
  return readMachO(await readFile(library));
}

const plain = 'static int n = 1;\nint demo_init(void) { return n++; }\n';

describe('a module for macOS, built on Linux', () => {
  for (const [name, machine] of [
    ['macos-arm64', 'arm64'],
    ['macos-x64', 'x86_64'],
  ] as const)
    testLinked(`is a signed library for ${machine}, under a name of its own`, async () => {
      await using project = await buildProject({ 'modules/demo/demo.c': plain });

      const result = await build(project, name, {});

      expect(result.diagnostics).toEqual([]);
      const file = await read(result);
      expect(file.header).toMatchObject({ type: 'dylib', machine });
      expect(file.buildVersion).toMatchObject({ platform: 'macos', minimum: '11.0' });
      expect(file.id?.name).toBe(`@rpath/demo.${result.hash}.dylib`);
      expect(readCodeSignature(file)).toMatchObject({ adHoc: true, problems: [] });
    });

  testLinked('HM320: a header or a library of the system, where there is no SDK', async () => {
    await using header = await buildProject({ 'modules/demo/demo.c': `#include <stdio.h>\n${plain}` });
    const options = { modules: { demo: { ldflags: ['-lz'] } } };
    await using library = await buildProject({ 'modules/demo/demo.c': plain }, options);
    await using own = await buildProject({ 'modules/demo/demo.c': `#include "gone.h"\n${plain}` });

    const [ofHeader, ofLibrary, ofOwn] = [
      await build(header, 'macos-arm64', {}),
      await build(library, 'macos-arm64', {}),
      await build(own, 'macos-arm64', {}),
    ];

    const messageOf = (result: BuildResult) => result.diagnostics.find(({ code }) => code === 'HM320')?.message;
    expect(messageOf(ofHeader)).toMatch(/^<stdio.h> is not found for macos-arm64: .*SDKROOT/);
    expect(messageOf(ofLibrary)).toMatch(/^-lz is not found for macos-arm64/);
    expect(ofOwn.ok).toBe(false);
    expect(messageOf(ofOwn)).toBeUndefined();
  });

  testLinked('with an SDK that SDKROOT names it includes and links what is in there', async () => {
    const source = `#include <stdio.h>\n${plain}int say(void) { return printf("%d", n); }\n`;
    await using project = await buildProject({ 'modules/demo/demo.c': source, ...sdk });

    const result = await build(project, 'macos-arm64', { SDKROOT: project.path('sdk') });

    expect(result.diagnostics).toEqual([]);
    const file = await read(result);
    expect(file.dylibs.map((dylib) => dylib.name)).toEqual(['/usr/lib/libSystem.B.dylib']);
    const undefinedNames = machOImage(file)
      .dynamicSymbols.filter(({ defined }) => !defined)
      .map(({ name }) => name);
    expect(undefinedNames).toEqual(['printf']);
  });
});
