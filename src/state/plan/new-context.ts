import type { Field } from '../../debuginfo/types.js';
import { createTypeComparer } from '../../layout/same.js';
import { changedRecords } from '../changed-records.js';
import type { StateModel } from '../types.js';
import { goneFunctions } from './code-map.js';
import type { PlanContext } from './context.js';

export interface CompareOptions {
  /** The name that `HOTMOD_WAS` says a field had; null without. */
  readonly wasName: (field: Field) => string | null;
}

export function newContext(before: StateModel, after: StateModel, { wasName }: CompareOptions): PlanContext {
  return {
    compare: createTypeComparer(),
    wasName,
    changedRecords: changedRecords(before, after),
    goneFunctions: goneFunctions(before, after),
    changes: [],
    checks: [],
    pieces: [],
    starts: [],
    values: [],
    classes: new Map(),
    loops: [],
    converted: false,
    heapMayPointBack: false,
    hasPointers: false,
  };
}
