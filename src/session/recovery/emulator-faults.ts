import type { HostEnd } from '../../host/host.js';

/** Tells faults of the emulator from those of modules, and counts them. Where nothing is emulated there are none. */
export interface EmulatorFaults {
  /** Whether the end of a host is the emulator's doing; the same answer each time one end is asked about. */
  caused(end: HostEnd): boolean;
  /** One more; how many there were by now. */
  count(): number;
}

/** Ends that somebody wanted: the emulator passes them on like any other program. */
const fromOutside: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

/**
 * A fault of a module reaches the engine's handler, which writes down whose it is, and the same call does it again. A
 * process that ends by a signal that the engine never saw is the emulator's own crash, unless the same call of the same
 * version ends a second one like that.
 */
export function createEmulatorFaults(emulator: string): EmulatorFaults {
  const suspects = new Set<string>();
  const judged = new WeakMap<HostEnd, boolean>();
  let faults = 0;

  const judge = (end: HostEnd): boolean => {
    const unseen = !end.recorded && end.how.startsWith('SIG') && !fromOutside.has(end.how);
    if (emulator === '' || end.expected || !unseen) return false;
    if (end.module === '') return true;
    const call = `${end.module} ${end.generation} ${end.call}`;
    const again = suspects.has(call);
    suspects.add(call);
    return !again;
  };
  return {
    caused(end) {
      const answer = judged.get(end) ?? judge(end);
      judged.set(end, answer);
      return answer;
    },
    count() {
      faults += 1;
      return faults;
    },
  };
}
