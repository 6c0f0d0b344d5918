import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { exitCode, HotmodError, messageOf } from '../errors.js';
import { modulesFolderOf, type Part } from './parts.js';
import { runTool, runVisibly } from './run-tool.js';
import { which } from './which.js';

export interface BringRequest {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
  /** Its npm settings count beside those of the user. */
  readonly cwd: string;
  /** Is given what npm says. */
  write(text: Uint8Array): void;
}

/** The command that brings a part, to show and to run. npm knows the user's registry, proxy and credentials. */
export function bringCommand({ name, version }: Part): readonly string[] {
  return ['npm', 'pack', `${name}@${version}`, '--silent', '--pack-destination'];
}

/**
 * Has npm download the archive, checks it against the checksum that hotmod was published with, and unpacks it below the
 * cache folder: beside its place first, and then renamed, so that nobody finds half of it.
 *
 * @throws HotmodError HM585 another checksum, HM586 no npm, no such package, or no place for it
 */
export async function bringPart(part: Part, request: BringRequest): Promise<void> {
  const { env, cacheDir, cwd, write } = request;
  const npm = await which('npm', env.PATH ?? '');
  if (npm === null) throw failed(part, 'npm is not on PATH');
  const place = modulesFolderOf(part, cacheDir);
  const temporary = await makeTemporary(part, path.dirname(place));
  try {
    const [, ...args] = bringCommand(part);
    const problem = await runVisibly(npm, [...args, temporary], { env, cwd, write });
    if (problem !== null) throw failed(part, `npm ended with ${problem}`);
    const archive = (await readdir(temporary)).find((name) => name.endsWith('.tgz'));
    if (archive === undefined) throw failed(part, 'npm left no archive');
    await checkIntegrity(part, path.join(temporary, archive));
    await unpack(part, path.join(temporary, archive), { temporary, place, env });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function makeTemporary(part: Part, folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    return await mkdtemp(path.join(folder, 'bringing-'));
  } catch (error) {
    throw failed(part, messageOf(error));
  }
}

/** Subresource Integrity (W3C, section 3.1): the name of the hash, a hyphen, the hash in base64. */
async function checkIntegrity(part: Part, archive: string): Promise<void> {
  const [algorithm = '', expected = ''] = part.integrity.split(/-(.*)/s);
  const hash = createHash(algorithm);
  await pipeline(createReadStream(archive), hash);
  const found = hash.digest('base64');
  if (found === expected) return;
  throw new HotmodError(
    'HM585',
    `${part.name} ${part.version} as npm brought it has the checksum ${algorithm}-${found}, and not ${part.integrity}.`,
    { hint: 'Nothing of it was unpacked. See `npm config get registry`.', exitCode: exitCode.missing },
  );
}

/** Headers and manuals are more than half of Node's package, and nobody reads them here. */
const leftOut = ['package/include', 'package/share'];

async function unpack(
  part: Part,
  archive: string,
  { temporary, place, env }: { readonly temporary: string; readonly place: string; readonly env: BringRequest['env'] },
): Promise<void> {
  const fresh = path.join(temporary, 'node_modules');
  try {
    await mkdir(path.join(fresh, part.name), { recursive: true });
    const without = leftOut.map((folder) => `--exclude=${folder}`);
    const args = ['-xzf', archive, '-C', path.join(fresh, part.name), '--strip-components=1', ...without];
    const { exit, text } = await runTool('tar', args, { env });
    if (exit !== 0) throw new Error(`tar: ${text.trim()}`);
    await rm(place, { recursive: true, force: true });
    await rename(fresh, place);
  } catch (error) {
    throw failed(part, messageOf(error));
  }
}

function failed(part: Part, why: string): HotmodError {
  return new HotmodError('HM586', `${part.name} ${part.version} could not be brought: ${why}.`, {
    hint: 'npm takes registry and proxy from your settings (npm config list).',
    exitCode: exitCode.missing,
  });
}
