import type { DebugType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { initialBytesDiffer } from './initial.js';
import { type Match, matchVariables } from './match.js';
import { writeMigration } from './migration.js';
import { carry } from './plan/carry.js';
import { mapCode } from './plan/code-map.js';
import { addChange, addCheck, addPiece, classOf, type PlanContext, type Spot } from './plan/context.js';
import { emptyPlan, encodePlan } from './plan/encode.js';
import { mergeCopies } from './plan/merge.js';
import { type CompareOptions, newContext } from './plan/new-context.js';
import { code, type Operation } from './plan/operations.js';
import { watchIntegers } from './plan/stray.js';
import { compareSaved } from './saved.js';
import type { Change, StateComparison, StateModel, StateVariable, TransferPlan } from './types.js';

export type { CompareOptions };

/**
 * Compares the state of two builds of a module: what changed, and how it is carried over. A plan is made wherever types
 * are known, also where a change refuses: by force, what can be carried is. Without types there is none.
 */
export function compareState(before: StateModel, after: StateModel, options: CompareOptions): StateComparison {
  const changes = changesOfModule(before, after);
  const saved = compareSaved(before, after, options);
  if (before.debug === null || after.debug === null) {
    const stateless = before.problem === null && before.variables.length === 0 && before.untyped.length === 0;
    return { changes, plan: stateless ? emptyPlan(before) : null, saved, migration: null };
  }
  const context = newContext(before, after, options);
  const plan = planTransfer(context, before, after);
  const all = [...changes, ...context.changes];
  return { changes: all, plan, saved, migration: writeMigration(before, after, all) };
}

/** What is said of the module as a whole, whatever its variables are. */
function changesOfModule(before: StateModel, after: StateModel): readonly Change[] {
  const found: Change[] = [];
  const say = (kind: Change['kind'], path: string, detail: string): void => {
    found.push({ kind, path, record: '', before: null, after: null, detail, check: null });
  };
  if (before.problem !== null) say('debugInfo', '', `the running version: ${before.problem.message}`);
  const hadState = before.problem !== null || before.variables.length > 0 || before.untyped.length > 0;
  if (after.problem !== null && hadState) say('debugInfo', '', `the new version: ${after.problem.message}`);
  for (const { name, size } of before.untyped) say('untypedStorage', name, `${size} bytes`);
  for (const name of before.threadLocals) say('threadLocal', name, '');
  const threads = [...new Set([...before.threadStarts, ...after.threadStarts])];
  if (threads.length > 0) say('threads', '', threads.join(', '));
  return found;
}

function planTransfer(context: PlanContext, before: StateModel, after: StateModel): TransferPlan {
  const matches = matchVariables(before, after, context.compare);
  const operations: Operation[] = [];
  const summary = { bytes: 0, kept: 0, converted: 0, reset: matches.reset.length, dropped: 0 };
  for (const match of matches.matched) {
    context.converted = false;
    const refused = context.changes.length;
    operations.push(...carryVariable(context, before, after, match));
    const changed = context.changes
      .slice(refused)
      .some(({ kind }) => kind !== 'initialValue' && kind !== 'variableMoved');
    if (context.converted || changed) summary.converted++;
    else summary.kept++;
    summary.bytes += match.old.size;
  }
  for (const { old, now } of matches.reset) {
    addChange(context, 'reset', spotOf(old, now), { before: old.variable.type, after: now.variable.type });
  }
  for (const { old, now } of matches.suspected) {
    const types = { before: old.variable.type, after: now.variable.type };
    addChange(context, 'renamed', spotOf(old, now), types, { detail: old.path });
  }
  for (const old of matches.removed) {
    addChange(context, 'variableRemoved', spotOf(old, old), { before: old.variable.type, after: null });
  }
  for (const old of matches.ambiguous) {
    const detail = `several variables are called ${old.variable.name}`;
    addChange(context, 'ambiguous', spotOf(old, old), { before: old.variable.type, after: null }, { detail });
  }
  summary.dropped = matches.removed.length + matches.suspected.length + matches.ambiguous.length;
  carryConstants(context, before, after);

  const guards = after.variables.flatMap(({ guard }) => (guard === null ? [] : [guard]));
  const occupied = [...after.variables, ...after.readOnly, ...after.untyped, ...guards].map(({ address, size }) => ({
    start: address,
    size,
  }));
  const { functions, constants } = context.hasPointers ? mapCode(before, after) : { functions: [], constants: [] };
  const bytes = encodePlan({
    operations: mergeCopies(operations, [...occupied, ...context.occupied]),
    pieces: context.hasPointers ? context.pieces : [],
    starts: context.hasPointers ? context.starts : [],
    functions,
    constants,
    values: context.values,
    checks: context.checks.length,
    oldSize: before.imageSize,
  });
  return { bytes, checks: context.checks, summary, heapMayPointBack: context.heapMayPointBack };
}

function carryVariable(
  context: PlanContext,
  before: StateModel,
  after: StateModel,
  { old, now, how }: Match,
): readonly Operation[] {
  const types = { before: old.variable.type, after: now.variable.type };
  const spot = spotOf(old, now);
  if (how === 'moved') addChange(context, 'variableMoved', spot, types, { detail: old.path });
  if (how === 'renamed') addChange(context, 'carriedAs', spot, types, { detail: old.path });
  const body: Operation[] = [];
  if (old.size !== now.size && endsOpen(types.before) && endsOpen(types.after)) {
    addChange(context, 'flexibleArray', spot, types, { detail: `${old.size} bytes become ${now.size}` });
  }
  carry(context, body, types, spot, old.size === now.size ? old.size : null);
  body.push(...watchIntegers(context, types.before, old.address, spot.path));
  if (old.guard !== null && now.guard !== null) {
    body.push({
      code: code.copy,
      from: old.guard.address,
      to: now.guard.address,
      count: Math.min(old.guard.size, now.guard.size),
    });
  }
  // Nobody's constructor ran on what still has its initial bytes.
  const wrapped = old.guard === null && (old.initialised || now.initialised);
  if (!wrapped || body.length === 0) return body;
  const differs = initialBytesDiffer(before, after, old, now, context.compare);
  const check = differs
    ? addCheck(context, { kind: 'initialValue', decisive: false, path: spot.path, type: '' })
    : undefined;
  if (check !== undefined) addChange(context, 'initialValue', spot, types, { check });
  return [
    {
      code: code.unlessInitial,
      a: now.size,
      from: old.address,
      to: now.address,
      count: old.size,
      body,
      ...(check === undefined ? {} : { check }),
    },
  ];
}

/** Pointers to tables of constants lead to the new ones where those are laid out alike. */
function carryConstants(context: PlanContext, before: StateModel, after: StateModel): void {
  const byKey = new Map(after.readOnly.map((one) => [one.key, one]));
  for (const old of before.readOnly) {
    const now = byKey.get(old.key);
    if (now === undefined || old.size === 0 || !context.compare.sameLayout(old.variable.type, now.variable.type))
      continue;
    const type = classOf(context, old.variable.type);
    addPiece(context, 'pieces', { from: old.address, to: now.address, length: old.size, type, element: 0 });
  }
}

/** A record that ends with an array of no fixed length, whose elements only the variable's own size counts. */
function endsOpen(type: DebugType): boolean {
  const plain = strip(type);
  if (plain.kind === 'array') return plain.size === null || plain.size === 0;
  const last = plain.kind === 'record' && plain.form !== 'union' ? plain.fields.at(-1) : undefined;
  return last !== undefined && endsOpen(last.type);
}

function spotOf(old: StateVariable, now: StateVariable): Spot {
  return {
    from: old.address,
    to: now.address,
    path: now.path,
    record: '',
    offsets: { before: null, after: null },
    places: { before: old.variable.place, after: now.variable.place },
  };
}
