import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/paths.js';
import { targets } from '../../src/target/targets.js';
import { bringPart } from '../../src/toolchain/bring-part.js';
import { findHostProgram } from '../../src/toolchain/host-program.js';
import { fileOf, type Part, parts } from '../../src/toolchain/parts.js';
import { tempProject } from '../helpers/temp-project.js';
import { thrown } from '../helpers/thrown.js';

const run = promisify(execFile);

test('the parts of an emulated host are those of the lock file, checksums and all', async () => {
  const lock = JSON.parse(await readFile(path.join(packageRoot, 'package-lock.json'), 'utf8'));
  for (const { name, version, integrity } of parts) {
    expect(lock.packages[`node_modules/${name}`]).toMatchObject({ version, integrity });
  }
  // The binding answers to the JavaScript of one version of ffi-rs alone.
  const binding = parts.find(({ name }) => name.includes('ffi-rs'));
  expect(binding?.version).toBe(lock.packages['node_modules/ffi-rs'].version);
});

/** An archive as npm would leave it, and an `npm` on PATH that leaves it where it is told. */
async function registryWith(text: string) {
  const root = await tempProject({
    'package/bin/tool': text,
    'package/package.json': '{}',
    'package/include/big.h': '\n',
    'bin/.keep': '',
  });
  const archive = path.join(root, 'scope-tool-1.0.0.tgz');
  await run('tar', ['-czf', archive, '-C', root, 'package']);
  const npm = path.join(root, 'bin', 'npm');
  await writeFile(npm, `#!/bin/sh\nfor last; do :; done\n[ "$1" = pack ] && cp ${archive} "$last" && echo "took $2"\n`);
  await chmod(npm, 0o755);
  const hash = createHash('sha512').update(await readFile(archive));
  const part: Part = {
    name: '@scope/tool',
    title: 'a tool',
    version: '1.0.0',
    integrity: `sha512-${hash.digest('base64')}`,
    file: 'bin/tool',
  };
  let said = '';
  const request = {
    env: { PATH: `${path.join(root, 'bin')}:${process.env.PATH}` },
    cacheDir: path.join(root, 'cache'),
    cwd: root,
    write: (chunk: Uint8Array) => {
      said += Buffer.from(chunk).toString();
    },
  };
  return { part, request, said: () => said };
}

test('a part is brought by npm, and lies whole in its place without its headers', async () => {
  const { part, request, said } = await registryWith('new\n');
  await bringPart(part, request);
  expect(said()).toContain('took @scope/tool@1.0.0');
  const file = fileOf(part, request.cacheDir);
  expect(await readFile(file, 'utf8')).toBe('new\n');
  const place = path.dirname(path.dirname(file));
  expect((await readdir(place)).sort()).toEqual(['bin', 'package.json']);
  // Bringing it again takes the place of what is there, and nothing of the work is left.
  await bringPart(part, request);
  expect(await readdir(path.join(place, '..', '..', '..'))).toEqual(['node_modules']);
});

test('an archive with another checksum is thrown away', async () => {
  const { part, request } = await registryWith('changed on its way\n');
  const error = await thrown(bringPart({ ...part, integrity: `sha512-${'A'.repeat(86)}==` }, request));
  expect(error).toMatchObject({ code: 'HM585', exitCode: 3 });
  expect(error.message).toContain(part.integrity);
  const left = await readdir(request.cacheDir, { recursive: true });
  expect(left.filter((name) => name.includes('tool/') || name.includes('bringing'))).toEqual([]);
});

test('without npm, and where npm fails, it says so', async () => {
  const { part, request } = await registryWith('x\n');
  const nothing = { ...request, env: { PATH: request.cacheDir } };
  expect(await thrown(bringPart(part, nothing))).toMatchObject({ code: 'HM586', exitCode: 3 });
  const root = await tempProject({ npm: '#!/bin/sh\necho E404; exit 1\n' });
  await chmod(path.join(root, 'npm'), 0o755);
  const error = await thrown(bringPart(part, { ...request, env: { PATH: `${root}:${process.env.PATH}` } }));
  expect(error).toMatchObject({ code: 'HM586' });
  expect(error.message).toContain('exit status 1');
});

test('what an emulated host lacks is said one after the other, with the command that brings it', async () => {
  const target = targets({ platform: 'linux', arch: 'x64' }).get('linux-arm64');
  if (target?.runs.how !== 'emulated') throw new Error('linux-arm64 is emulated on x64');
  const { emulator } = target.runs;
  const root = await tempProject({ 'bin/qemu-aarch64-static': '#!/bin/sh\n', 'lib/ld.so': '' });
  await chmod(path.join(root, 'bin/qemu-aarch64-static'), 0o755);
  const at = (loader: string) => ({ ...target, runs: { ...target.runs, emulator: { ...emulator, loader } } }) as const;
  const loader = path.join(root, 'lib/ld.so');
  const find = (PATH: string, with_ = loader) =>
    thrown(findHostProgram({ target: at(with_), env: { PATH }, cacheDir: path.join(root, 'cache') }));
  const withEmulator = path.join(root, 'bin');
  const answers = [await find(root), await find(withEmulator, '/nowhere/ld.so'), await find(withEmulator)];
  expect(answers.map(({ code }) => code)).toEqual(['HM580', 'HM581', 'HM582']);
  for (const { hint, exitCode } of answers) {
    expect(exitCode).toBe(3);
    expect(hint).toContain('hotmod doctor --fix --target linux-arm64');
  }
});

test('a target that runs nowhere here says what it would take', async () => {
  const target = targets({ platform: 'linux', arch: 'x64' }).get('macos-arm64');
  if (target === undefined) throw new Error('there is macos-arm64');
  const error = await thrown(findHostProgram({ target, env: {}, cacheDir: '/nowhere' }));
  expect(error).toMatchObject({ code: 'HM583', exitCode: 3 });
  expect(error.message).toContain('needs macOS on ARM64');
});
