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

/** Open descriptors of a process; 0 where it is gone or there is no /proc. */
export async function descriptorsOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`).catch(() => [])).length;
}

/** Different files that a process has mapped whose path holds this text. */
export async function mappedFiles(pid: number, part: string): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '');
  const paths = text.split('\n').flatMap((line) => line.split(/\s+/).slice(5).join(' ') || []);
  return [...new Set(paths.filter((path) => path.includes(part)))];
}
