import type { ElfFile } from '../objfile/types.js';

/**
 * Functions that start threads: POSIX, C11, Linux, libstdc++ (`std::thread`), Apple's dispatch queues, OpenMP as gcc and
 * clang call it, and the libraries that modules most often start threads through.
 */
const starters = new RegExp(
  [
    'pthread_create',
    'thrd_create',
    'clone3?',
    '_ZNSt6thread15_M_start_thread.*',
    'dispatch_(async|after|apply).*',
    'GOMP_parallel.*',
    '__kmpc_fork_call',
    'uv_thread_create(_ex)?',
    'uv_queue_work',
    'SDL_CreateThread.*',
    'g_thread_(try_)?new',
  ]
    .map((name) => `^${name}$`)
    .join('|'),
);

/** Imports of a library that start threads; empty is no proof that others do not start any for it. */
export function threadStarters(file: ElfFile): readonly string[] {
  const names = file.dynamicSymbols.filter((symbol) => !symbol.defined).map((symbol) => symbol.name);
  return [...new Set(names.filter((name) => starters.test(name)))];
}
