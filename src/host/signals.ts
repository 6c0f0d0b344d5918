import { constants } from 'node:os';

const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
// SIGIOT is another name of SIGABRT, and the one nobody knows it by.
names.set(constants.signals.SIGABRT, 'SIGABRT');

/** `SIGSEGV` for 11; `signal N` for a number this system has no name for. */
export function signalName(number: number): string {
  return names.get(number) ?? `signal ${number}`;
}
