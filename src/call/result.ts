import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { classify } from './classify.js';
import { PassingError } from './errors.js';
import type { Convention, PlannedCall, ResultPlan, ReturnWords } from './types.js';

/** Largest result that is returned in memory, as the engine has it (CALL_RESULT_MAX). */
const largestResult = 65536;

/**
 * Where the result of a function comes back.
 *
 * @throws PassingError where the type cannot be taken over.
 */
export function planResult(type: DebugType, convention: Convention): { words: ReturnWords; result: ResultPlan } {
  if (strip(type).kind === 'void') return { words: { in: 'nothing' }, result: { type, size: 0, pieces: null } };
  const passing = classify(type, convention);
  const size = sizeOf(type) ?? 0;
  switch (passing.by) {
    case 'nothing':
      return { words: { in: 'nothing' }, result: { type, size, pieces: null } };
    case 'memory':
    case 'reference':
      if (size > largestResult) throw new PassingError(`a result of ${size} bytes`);
      return { words: { in: 'memory', size }, result: { type, size, pieces: null } };
    case 'registers': {
      const { pieces } = passing;
      return { words: { in: 'registers', kinds: pieces.map((piece) => piece.in) }, result: { type, size, pieces } };
    }
  }
}

/** The result's bytes in memory layout, from the bytes of the answer. None for void. */
export function readReturn(
  planned: Pick<PlannedCall, 'result'>,
  answer: { readonly bytes: Uint8Array },
): { readonly type: DebugType; readonly bytes: Uint8Array } {
  const { type, size, pieces } = planned.result;
  if (pieces === null) return { type, bytes: answer.bytes.slice(0, size) };
  const bytes = new Uint8Array(size);
  for (const [index, piece] of pieces.entries()) {
    bytes.set(answer.bytes.subarray(index * 8, index * 8 + piece.size), piece.offset);
  }
  return { type, bytes };
}
