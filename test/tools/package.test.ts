import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/paths.js';

/** What npm would publish now, without building first. */
async function publishedFiles(): Promise<readonly string[]> {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--workspaces=false'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: packageRoot });
  // An array in older versions of npm, an object by the package's name in newer ones.
  const packed: { readonly files: readonly { readonly path: string }[] }[] = Object.values(JSON.parse(stdout));
  return packed.flatMap((one) => one.files.map((file) => file.path));
}

test('the published package holds what it runs on, builds from and shows, and nothing else', async () => {
  const files = await publishedFiles();
  expect(files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'bin/hotmod.js',
      'dist/main.js',
      'dist/index.d.ts',
      'dist/host/main.js',
      'dist/config.schema.json',
      'dist/module.schema.json',
      'src/host/engine/hotmod_engine.h',
      'modules/include/module_interface.h',
      'modules/simulation/simulation.c',
    ]),
  );
  const known =
    /^(package\.json|README\.md|LICENSE|bin\/hotmod\.js|dist\/.*(\.js|\.d\.ts|\.schema\.json)|src\/(host\/engine|build\/warm\/native)\/\w+\.[ch]|modules\/(include|shared|graphics|simulation|traffic|weather)\/\w+\.(c|cpp|h|hpp|S|json))$/;
  expect(files.filter((file) => !known.test(file) || file.startsWith('dist/bench/'))).toEqual([]);
});
