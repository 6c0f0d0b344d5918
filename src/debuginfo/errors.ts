/**
 * Why types could not be read. `none`: the file was built without debug information or stripped of it. `damaged`: it
 * contradicts itself. `unsupported`: it is there in a form that is not read, which the message names.
 */
export type DebugInfoProblem = 'none' | 'damaged' | 'unsupported';

export class DebugInfoError extends Error {
  override readonly name = 'DebugInfoError';
  readonly problem: DebugInfoProblem;

  /** `message` is a clause that goes on after "...: ". */
  constructor(problem: DebugInfoProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}
