import { type Host, HostGone } from './host.js';

/** Stands where no host has been opened yet: whatever it is asked, it answers that it is gone. */
export function absentHost(): Host {
  const gone = (): Promise<never> => Promise.reject(new HostGone('No host is running.'));
  return {
    pid: 0,
    copiesFile: '',
    ended: new Promise(() => {}),
    stage: gone,
    probe: gone,
    tryVersions: gone,
    read: gone,
    call: gone,
    commit: gone,
    discard: gone,
    unload: gone,
    inherit: gone,
    endInheritance: gone,
    revert: gone,
    pause: gone,
    resume: gone,
    step: gone,
    setRate: gone,
    setRecovery: gone,
    stats: gone,
    kept: gone,
    views: gone,
    close: () => Promise.resolve(),
    kill: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
