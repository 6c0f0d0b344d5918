import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * Processes that have to do with a folder: those that run in it, or name it on their command line (proc(5)). Empty where
 * there is no /proc.
 */
export async function processesOf(root: string): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(pids.map(async (pid) => ((await concerns(pid, root)) ? [pid] : [])));
  return found.flat();
}

async function concerns(pid: number, root: string): Promise<boolean> {
  const [cwd, command] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => ''),
    readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
  ]);
  // A zombie has neither.
  return cwd.startsWith(root) || command.includes(root);
}

/** What libuv opens on the first use of a watcher or of an ignored stream, and keeps. */
const keptByNode: ReadonlySet<string> = new Set(['anon_inode:inotify', '/dev/null']);

/** How many descriptors a process has open; 0 where it is gone or there is no /proc. */
export async function descriptorsOf(pid: number): Promise<number> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => null)));
  // One without a link was closed since: that of the look itself.
  return links.filter((link) => link !== null && !keptByNode.has(link)).length;
}

/** Different files that a process has mapped whose path holds this text. */
export async function mappedFiles(pid: number, part: string): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '');
  const paths = text.split('\n').flatMap((line) => line.split(/\s+/).slice(5).join(' ') || []);
  return [...new Set(paths.filter((path) => path.includes(part)))];
}
