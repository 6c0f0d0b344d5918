import { DebugInfoError } from '../debuginfo/errors.js';
import { readDebugInfo } from '../debuginfo/read.js';
import { ObjectFileError } from '../objfile/errors.js';
import { type Damaged, damage, type Targets } from './damage.js';
import { holdsDebugInfo } from './find-targets.js';
import { createRandom } from './random.js';
import { touchEverything } from './touch.js';

/** A file that is damaged in many ways. */
export interface FuzzInput {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly targets: Targets;
}

/** What became of one damaged file: all of it was read, it was refused (wholly or in part), or a defect showed. */
export type Outcome =
  | { readonly kind: 'read' }
  | { readonly kind: 'refused'; readonly problem: string }
  | { readonly kind: 'defect'; readonly input: string; readonly what: string; readonly stack: string };

const largest = 100_000;
/** Large files take most of the time, and are there to show what takes longer than it should. */
const largeOnceIn = 40;

function isSmall({ bytes }: FuzzInput): boolean {
  return bytes.length < largest;
}

/** The damaged file that a seed and a number stand for. */
export function damagedFile(inputs: readonly FuzzInput[], seed: number, number: number): Damaged & { input: string } {
  const random = createRandom(seedOf(seed, number));
  const [small, large] = [inputs.filter(isSmall), inputs.filter((one) => !isSmall(one))];
  const input = random.pick(small.length === 0 || (large.length > 0 && random.once(largeOnceIn)) ? large : small);
  return { ...damage(input.bytes, input.targets, random), input: input.name };
}

export function checkDamaged(inputs: readonly FuzzInput[], seed: number, number: number): Outcome {
  const { bytes, what, input } = damagedFile(inputs, seed, number);
  try {
    const { refusal } = touchEverything(readDebugInfo(bytes));
    if (refusal === null) return { kind: 'read' };
    if (isWrongNone(refusal, bytes)) return { kind: 'defect', input, what, stack: `wrong "none": ${refusal.stack}` };
    return { kind: 'refused', problem: problemOf(refusal) };
  } catch (error) {
    if (!(error instanceof DebugInfoError || error instanceof ObjectFileError)) {
      return { kind: 'defect', input, what, stack: error instanceof Error ? `${error.stack}` : String(error) };
    }
    if (isWrongNone(error, bytes)) return { kind: 'defect', input, what, stack: `wrong "none": ${error.stack}` };
    return { kind: 'refused', problem: problemOf(error) };
  }
}

/** A file whose debug information is there must not pass for one that was stripped. */
function isWrongNone(error: DebugInfoError | ObjectFileError, bytes: Uint8Array): boolean {
  return error instanceof DebugInfoError && error.problem === 'none' && holdsDebugInfo(bytes);
}

function problemOf(error: DebugInfoError | ObjectFileError): string {
  return error instanceof DebugInfoError ? error.problem : `file ${error.reason}`;
}

/** Each file of a run can be made again without those before it. */
function seedOf(seed: number, number: number): number {
  return (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0;
}
