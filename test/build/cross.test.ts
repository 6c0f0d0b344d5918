import { expect, test } from 'vitest';
import { targets } from '../../src/target/targets.js';
import { buildProject, toolchainOf } from '../helpers/build-project.js';
import { testWith } from '../helpers/programs.js';

const plain = 'static int n = 1;\nint demo_init(void) { return n++; }\n';

/** Messages of a failed build with their codes. */
async function problemsOf(name: string, source: string, ldflags: readonly string[] = []): Promise<readonly string[]> {
  const target = targets({ platform: 'linux', arch: 'x64' }).get(name);
  if (target === undefined) throw new Error(`there is no target ${name}`);
  await using project = await buildProject({ 'modules/demo/demo.c': source }, { modules: { demo: { ldflags } } });
  const linker = target.linkers.includes('mold') ? 'bfd' : 'lld';
  const builder = project.another({ config: { ...project.config, target }, toolchain: toolchainOf('clang', linker) });
  const request = { signal: new AbortController().signal, rebuild: false, onProgress: () => undefined };
  const result = await builder.build(project.module('demo'), request);
  expect(result.ok).toBe(false);
  return result.diagnostics.map(({ code, message }) => `${code} ${message}`);
}

testWith('ld.lld')('HM588: a header or a library of the system that only this machine may have', async () => {
  const header = await problemsOf('linux-arm64', `#include <sys/no-such-header.h>\n${plain}`);
  expect(header.at(-1)).toMatch(/^HM588 <sys\/no-such-header.h> is not found for linux-arm64: .*doctor --fix --target/);
  const library = await problemsOf('linux-arm64', plain, ['-lnosuchlibrary']);
  expect(library.at(-1)).toMatch(/^HM588 (-lnosuchlibrary|crti\.o) is not found for linux-arm64/);
});

test('a header of the project, and one that this machine itself lacks, need no such explanation', async () => {
  expect((await problemsOf('linux-arm64', `#include "gone.h"\n${plain}`)).join('\n')).not.toContain('HM588');
  expect((await problemsOf('native', `#include <sys/no-such-header.h>\n${plain}`)).join('\n')).not.toContain('HM588');
});
