import { sizeOf } from '../debuginfo/size-of.js';
import { carry } from './plan/carry.js';
import { encodePlan } from './plan/encode.js';
import { type CompareOptions, newContext } from './plan/new-context.js';
import { code, type Operation } from './plan/operations.js';
import type { SavedComparison, StateModel } from './types.js';

/**
 * How the bytes that save_state gave become what load_state expects, where both builds say by `HOTMOD_STATE_TYPE` that
 * they are one struct. Null where one of them does not say so, or nothing about it changed.
 */
export function compareSaved(before: StateModel, after: StateModel, options: CompareOptions): SavedComparison | null {
  const [old, now] = [before.savedType, after.savedType];
  if (old === null || now === null) return null;
  const context = newContext(before, after, options);
  if (context.compare.sameLayout(old, now)) return null;
  const [oldSize, newSize] = [sizeOf(old) ?? 0, sizeOf(now) ?? 0];
  const nowhere = { file: '', line: 0 };
  const operations: Operation[] = [];
  carry(
    context,
    operations,
    { before: old, after: now },
    {
      from: 0,
      to: 0,
      path: 'the saved state',
      record: '',
      offsets: { before: null, after: null },
      places: { before: nowhere, after: nowhere },
    },
  );
  const bytes = encodePlan({
    operations: operations.flatMap(withoutImages),
    pieces: [],
    starts: [],
    functions: [],
    constants: [],
    values: context.values,
    checks: context.checks.length,
    oldSize,
  });
  const summary = { bytes: oldSize, kept: 0, converted: 1, reset: 0, dropped: 0 };
  const plan = { bytes, checks: context.checks, summary, heapMayPointBack: false };
  // Pointers in saved bytes are the module's own affair, as they are where nothing is converted.
  const changes = context.changes.filter(({ kind }) => kind !== 'heapCode' && kind !== 'functionGone');
  return { changes, plan, oldSize, newSize };
}

const imageCodes: ReadonlySet<number> = new Set([code.pointer, code.words, code.outside, code.fix, code.fixArray]);

/** Saved bytes lie in no image, so nothing is looked up in one: addresses in them are copied. */
function withoutImages(operation: Operation): readonly Operation[] {
  if (operation.code === code.pointer) return [{ ...operation, code: code.copy, count: operation.count * 8, type: 0 }];
  if (imageCodes.has(operation.code)) return [];
  return [{ ...operation, body: (operation.body ?? []).flatMap(withoutImages) }];
}
