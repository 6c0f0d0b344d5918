import { readFileSync } from 'node:fs';

/**
 * Processor time that a process and its descendants have used so far, in clock ticks (proc(5): /proc/pid/stat, fields 14 to
 * 17). Undefined where it cannot be told.
 */
export function ticksOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const own = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
    return children.reduce((sum, child) => sum + (ticksOf(Number(child)) ?? 0), own);
  } catch {
    return undefined;
  }
}

/**
 * Calls `onStalled` when a process and all its descendants have used no processor time for `limitMs`; `pidOf` may give no
 * number yet, which counts as no time used. Ends with the returned function.
 */
export function watchForStall(pidOf: () => number | undefined, limitMs: number, onStalled: () => void): () => void {
  const looks = 4;
  let unchanged = 0;
  let before: number | undefined;
  const timer = setInterval(() => {
    const pid = pidOf();
    const now = pid === undefined ? undefined : ticksOf(pid);
    unchanged = now === before ? unchanged + 1 : 0;
    before = now;
    if (unchanged < looks) return;
    clearInterval(timer);
    onStalled();
  }, limitMs / looks);
  timer.unref();
  return () => clearInterval(timer);
}
