import type { DebugType, RecordType } from '../../debuginfo/types.js';

/**
 * Types whose objects mean something to one process alone: threads, locks, timers. In another process their bytes are
 * those of an object that was never made there (POSIX.1-2017, pthread.h: "the effect of referring to copies is undefined").
 */
const names: ReadonlySet<string> = new Set([
  'pthread_t',
  'pthread_mutex_t',
  'pthread_cond_t',
  'pthread_rwlock_t',
  'pthread_spinlock_t',
  'pthread_barrier_t',
  'pthread_key_t',
  'pthread_once_t',
  'sem_t',
  'timer_t',
  'thrd_t',
  'mtx_t',
  'cnd_t',
  'tss_t',
  'once_flag',
  'jmp_buf',
  'sigjmp_buf',
]);

const classes: ReadonlySet<string> = new Set([
  'thread',
  'jthread',
  'mutex',
  'timed_mutex',
  'recursive_mutex',
  'recursive_timed_mutex',
  'shared_mutex',
  'shared_timed_mutex',
  'condition_variable',
  'condition_variable_any',
  'once_flag',
]);

/** Whether a type is one of these itself. The name counts, because what it stands for may be a plain number. */
export function isProcessBound(type: DebugType): boolean {
  let current = type;
  while (current.kind === 'typedef' || current.kind === 'qualified') {
    if (current.kind === 'typedef' && names.has(current.name)) return true;
    current = current.target;
  }
  return current.kind === 'record' && current.scope[0] === 'std' && classes.has(current.name ?? '');
}

const answers = new WeakMap<RecordType, boolean>();

/** Whether an object of the type is one, or holds one. */
export function holdsProcessBound(type: DebugType): boolean {
  if (isProcessBound(type)) return true;
  let current = type;
  while (current.kind === 'typedef' || current.kind === 'qualified') current = current.target;
  if (current.kind === 'array') return holdsProcessBound(current.element);
  if (current.kind !== 'record') return false;
  const known = answers.get(current);
  if (known !== undefined) return known;
  const { bases, fields } = current;
  const answer = [...bases, ...fields].some((one) => holdsProcessBound(one.type));
  answers.set(current, answer);
  return answer;
}
