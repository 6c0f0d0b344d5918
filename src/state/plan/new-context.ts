import type { DebugType, Field } from '../../debuginfo/types.js';
import { createTypeComparer } from '../../layout/same.js';
import { changedRecords } from '../changed-records.js';
import type { StateModel, StateVariable } from '../types.js';
import { goneFunctions } from './code-map.js';
import { isLibraryType, type PlanContext } from './context.js';
import { plainOf } from './labels.js';
import { createQuestions } from './questions.js';
import { createTypeIndex, fullName } from './type-index.js';

export interface CompareOptions {
  /** The name that `HOTMOD_WAS` says a field had; null without. */
  readonly wasName: (field: Field) => string | null;
  /** Other modules may hold addresses of its variables and functions, so that the plan must tell where these went. */
  readonly addressed?: boolean;
  /**
   * The process that the old state was in has ended: words that may be pointers are looked at too, and what means something
   * to one process alone stays as the new one made it.
   */
  readonly gone?: boolean;
}

/** Whatever needs more than the types of variables is found out when something first asks for it. */
export function newContext(
  before: StateModel,
  after: StateModel,
  { wasName, addressed = false, gone: isGone = false }: CompareOptions,
): PlanContext {
  const changed = once(() => changedRecords(before, after));
  const gone = once(() => goneFunctions(before, after));
  const types = { before: createTypeIndex(before), after: createTypeIndex(after) };
  const embedded = () => embeddedRecords(before.variables);
  return {
    compare: createTypeComparer(),
    wasName,
    isGone,
    get changedRecords() {
      return changed();
    },
    get goneFunctions() {
      return gone();
    },
    questions: createQuestions(types, embedded, changed),
    constantRecords: () => embeddedRecords(before.readOnly),
    changedTables: once(() => changedTables(before, after)),
    reached: { byValue: new WeakMap(), behind: new WeakMap() },
    changes: [],
    checks: [],
    pieces: [],
    starts: [],
    values: [],
    classes: new Map(),
    occupied: [],
    loops: [],
    converted: false,
    heapMayPointBack: false,
    hasPointers: addressed,
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A build is asked at the way back and again when the next one comes. */
const embeddedIn = new WeakMap<readonly StateVariable[], ReadonlySet<string>>();

function embeddedRecords(variables: readonly StateVariable[]): ReadonlySet<string> {
  const known = embeddedIn.get(variables);
  if (known !== undefined) return known;
  const names = new Set<string>();
  const seen = new Set<object>();
  const visit = (type: DebugType): void => {
    const plain = plainOf(type);
    if (plain.kind === 'array') visit(plain.element);
    if (plain.kind !== 'record' || seen.has(plain)) return;
    seen.add(plain);
    if (!isLibraryType(plain)) names.add(fullName(plain));
    for (const base of plain.bases) visit(base.type);
    for (const field of plain.fields) visit(field.type);
  };
  for (const { variable } of variables) visit(variable.type);
  embeddedIn.set(variables, names);
  return names;
}

function changedTables(before: StateModel, after: StateModel): ReadonlySet<string> {
  const changed = [...before.vtables].filter(([name, { size }]) => {
    const now = after.vtables.get(name);
    return now !== undefined && now.size !== size;
  });
  return new Set(changed.map(([name]) => name));
}
