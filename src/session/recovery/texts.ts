import type { ModuleFault, NoCopyReason, WentBack } from '../../host/host.js';

/** Why a crash could not go back to the last frame boundary, to stand after "its variables were not put back: ". */
const noCopyTexts: Readonly<Record<Exclude<NoCopyReason, 'none'>, string>> = {
  off: 'host.frameCopies is off',
  tooLarge: 'they are larger than host.frameCopyLimit',
  unknown: 'the system does not tell where they are',
  noMemory: 'there was no memory for a copy of them',
  notTaken: 'no frame had begun since the module was loaded',
  unwritable: 'part of them was made read-only',
};

/** What cannot be put back is said, because it is where the next crash may come from. */
const heapStays = 'What the crashed call changed in memory from malloc stays as it is.';

/** What became of the state of a module that is called again after its crash. */
export function describeGoingOn({ generation, restored }: ModuleFault): string {
  if (restored.bytes === 0) return `Generation ${generation} goes on; it has no variables. ${heapStays}`;
  return `Generation ${generation} goes on with its variables as they were at the last frame boundary (${restored.bytes} bytes). ${heapStays}`;
}

/** Why a module has to be started again in place of going on; empty where its variables were put back. */
export function describeNoCopy({ restored }: ModuleFault): string {
  if (restored.why === 'none') return '';
  return `Its ${restored.bytes} bytes of variables were not put back to the last frame boundary: ${noCopyTexts[restored.why]}.`;
}

/** With what the version before runs again. */
export function describeWayBack({ state }: WentBack): string {
  return state === 'boundary' ? 'with the state of the last frame boundary' : 'with the state of that reload';
}
