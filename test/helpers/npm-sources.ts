import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The unpacked files of an npm package, fetched at test time and kept in the temporary folder: real third-party
 * sources without a copy of them in the repository. Nothing of the package is run.
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
  await run('npm', ['pack', '--silent', `${name}@${version}`], { cwd: work });
  const archive = (await readdir(work)).find((file) => file.endsWith('.tgz')) ?? '';
  await run('tar', ['xzf', archive], { cwd: work });
  // Whoever is first wins; the others' copy is the same.
  await rename(work, dir).catch(() => rm(work, { recursive: true, force: true }));
  return done;
}
