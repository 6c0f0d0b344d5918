import { readFile } from 'node:fs/promises';

/** Kernel ticks a second in /proc (sysconf(_SC_CLK_TCK)); 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Seconds of processor time that a process has used; NaN where /proc does not tell (proc_pid_stat(5), fields 14, 15). */
export async function cpuSeconds(pid: number): Promise<number> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces, so count from behind it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return Number.NaN;
  }
}

/** Resident memory of a process in KiB (proc_pid_status(5), VmRSS). */
export async function residentKiB(pid: number): Promise<number> {
  try {
    const text = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1]);
  } catch {
    return Number.NaN;
  }
}
