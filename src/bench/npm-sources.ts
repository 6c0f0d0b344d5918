import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * The unpacked files of an npm package, fetched when they are first wanted and kept in the temporary folder: real
 * third-party sources without a copy of them in the repository. Nothing of the package is run.
 */
export async function npmSources(name: string, version: string): Promise<string> {
  const dir = join(tmpdir(), 'hotmod-test-sources', `${name.replaceAll('/', '-')}-${version}`);
  const done = join(dir, 'package');
  if (
    await access(done).then(
      () => true,
      () => false,
    )
  )
    return done;
  await mkdir(join(dir, '..'), { recursive: true });
  const work = await mkdtemp(join(dir, '..', 'fetch-'));
  await execa('npm', ['pack', '--silent', `${name}@${version}`], { cwd: work });
  const archive = (await readdir(work)).find((file) => file.endsWith('.tgz')) ?? '';
  await execa('tar', ['xzf', archive], { cwd: work });
  // Whoever is first wins; the others' copy is the same.
  await rename(work, dir).catch(() => rm(work, { recursive: true, force: true }));
  return done;
}
