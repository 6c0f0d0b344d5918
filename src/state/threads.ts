import type { ElfFile } from '../objfile/types.js';

/** Functions that start threads: POSIX, C11, C++ (libstdc++, libc++), Apple's dispatch queues. */
const starters =
  /^(pthread_create|thrd_create|clone|clone3|_ZNSt6thread15_M_start_thread.*|_ZNSt3__1.*thread.*|dispatch_(async|after|apply).*)$/;

/** Imports of a library that start threads; empty is no proof that others do not start any for it. */
export function threadStarters(file: ElfFile): readonly string[] {
  const names = file.dynamicSymbols.filter((symbol) => !symbol.defined).map((symbol) => symbol.name);
  return [...new Set(names.filter((name) => starters.test(name)))];
}
