import { machineAArch64, machineX86_64 } from '../objfile/machines.js';
import type { Convention } from './types.js';

/** The convention of the machine that an ELF library is for (`e_machine`, gABI chapter 4); null where it is not known here. */
export function conventionOf(machine: number): Convention | null {
  if (machine === machineX86_64) return 'sysv';
  return machine === machineAArch64 ? 'aapcs64' : null;
}
