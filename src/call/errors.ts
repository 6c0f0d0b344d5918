import { exitCode, HotmodError } from '../errors.js';

/** The arguments are not what the function takes: their number, or the type or range of one. */
export function misfit(signature: string, problem: string): HotmodError {
  return new HotmodError('HM543', `${signature}: ${problem}`, {
    hint: 'Numbers are written as in C, text in quotes, structs as {x: 1, y: 2}, arrays as [1, 2], pointers as null or 0x...',
    exitCode: exitCode.usage,
  });
}

/** The function takes or gives what cannot be passed from outside. */
export function notCallable(signature: string, problem: string): HotmodError {
  return new HotmodError('HM544', `${signature} cannot be called from outside: ${problem}`, {
    hint: 'Export a small function that takes numbers, pointers or plain structs and calls this one.',
    exitCode: exitCode.usage,
  });
}

/** Thrown below planCall, which knows the signature and the argument. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/** The same for types that no value of which can be passed. */
export class PassingError extends Error {
  override readonly name = 'PassingError';
}

/** Runs a task; what it refuses is told with the name of the part that it is about. */
export function within<T>(part: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    if (error instanceof ValueError) throw new ValueError(`${part}: ${error.message}`);
    throw error;
  }
}
