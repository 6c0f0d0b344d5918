/**
 * `e_machine` values (gABI chapter 4, "ELF Header", and the registry that continues it) by the name a reader of a
 * message knows. Only the machines that turn up as build output by mistake are listed.
 */
const names: ReadonlyMap<number, string> = new Map([
  [2, 'SPARC'],
  [3, 'x86 (32-bit)'],
  [8, 'MIPS'],
  [20, 'PowerPC'],
  [21, 'PowerPC 64'],
  [22, 'IBM Z'],
  [40, 'ARM (32-bit)'],
  [62, 'x86-64'],
  [183, 'AArch64'],
  [243, 'RISC-V'],
  [247, 'BPF'],
  [258, 'LoongArch'],
]);

export const machineX86_64 = 62;
export const machineAArch64 = 183;

export function machineName(machine: number): string {
  return names.get(machine) ?? `machine number ${machine}`;
}
