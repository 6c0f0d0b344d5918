/** Process group ids of everything that runs now. Each compiler, linker and build command leads a group of its own. */
const liveGroups = new Set<number>();

/** Has a hard exit kill this group, until the returned function is called. */
export function noteGroup(group: number): () => void {
  liveGroups.add(group);
  return () => void liveGroups.delete(group);
}

/** Kills every compiler, linker and build command with all their descendants, at once. For a hard exit. */
export function killAllBuilds(): void {
  for (const group of liveGroups) signalGroup(group, 'SIGKILL');
  liveGroups.clear();
}

/** Whether there was anybody in it. */
export function endGroup(group: number): boolean {
  return signalGroup(group, 'SIGKILL');
}

function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
