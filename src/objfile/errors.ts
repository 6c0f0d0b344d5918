/**
 * Why a file could not be read: it is something else, it ends too early, its parts contradict each other, or it is a
 * kind of object file this reader does not know (32-bit, big endian, another machine).
 */
export type ObjectFileProblem = 'notElf' | 'notMachO' | 'truncated' | 'corrupt' | 'unsupported';

/** The only error this folder throws for any input. `message` is the rest of a sentence that begins with the file. */
export class ObjectFileError extends Error {
  override readonly name = 'ObjectFileError';
  readonly reason: ObjectFileProblem;

  constructor(reason: ObjectFileProblem, message: string) {
    super(message);
    this.reason = reason;
  }
}
