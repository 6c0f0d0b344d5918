import type { DebugType, PointerType, RecordType } from '../../debuginfo/types.js';
import { holdsPointers, type PlainType, strip } from '../../layout/strip.js';
import { recordName, typeName } from '../../layout/type-name.js';
import { heapFixes } from './containers.js';
import { addChange, addCheck, classOf, isByte, type Out, type PlanContext, type Spot } from './context.js';
import { code, type Operation } from './operations.js';
import { reaches } from './reach.js';

const word = 8;

/** Emits what becomes of the pointers in an object that was copied as a whole. */
export function carryPointers(
  context: PlanContext,
  out: Out,
  before: PlainType,
  after: PlainType,
  spot: Spot,
  size: number,
): void {
  if (!holdsPointers(before)) return;
  context.hasPointers = true;
  switch (before.kind) {
    case 'pointer':
      if (after.kind === 'pointer') carryPointer(context, out, before, after, spot);
      return;
    case 'array': {
      if (after.kind !== 'array') return;
      carryElements(context, out, strip(before.element), strip(after.element), spot, size);
      return;
    }
    case 'record':
      if (after.kind === 'record') carryFields(context, out, before, after, spot, size);
      return;
    default:
      return;
  }
}

function carryElements(
  context: PlanContext,
  out: Out,
  before: PlainType,
  after: PlainType,
  spot: Spot,
  size: number,
): void {
  const stride = 'size' in before ? (before.size ?? 0) : 0;
  if (stride === 0) return;
  const count = Math.floor(size / stride);
  const body: Operation[] = [];
  carryPointers(context, body, before, after, { ...spot, path: `${spot.path}[]` }, stride);
  if (body.length === 0 || count === 0) return;
  const [only] = body;
  // A table of pointers needs no loop.
  if (body.length === 1 && only !== undefined && only.code === code.pointer && stride === word) {
    out.push({ ...only, count });
    return;
  }
  out.push({ code: code.loop, from: spot.from, to: spot.to, count, a: stride, b: stride, body });
}

function carryFields(
  context: PlanContext,
  out: Out,
  before: RecordType,
  after: RecordType,
  spot: Spot,
  size: number,
): void {
  // Where a union's pointers lie depends on the member that lives, where a virtual base lies on the object.
  if (before.form === 'union' || before.bases.some((base) => base.virtual)) {
    out.push({ code: code.words, from: spot.from, to: spot.to, count: Math.floor(before.size / word), type: 0 });
    context.heapMayPointBack = true;
    return;
  }
  if (before.vtableOffset !== null) {
    const at = before.vtableOffset;
    const check = addCheck(context, { kind: 'pointer', decisive: true, path: spot.path, type: recordName(before) });
    out.push({ code: code.pointer, check, from: spot.from + at, to: spot.to + at, count: 1, type: 0 });
  }
  out.push(...heapFixes(before, spot));
  for (const [n, base] of before.bases.entries()) {
    const other = after.bases[n];
    if (other === undefined || base.offset === null) continue;
    const [old, now] = [strip(base.type), strip(other.type)];
    carryPointers(context, out, old, now, moved(spot, base.offset, spot.path, recordName(before)), sizeIn(old));
  }
  for (const [n, field] of before.fields.entries()) {
    const other = after.fields[n];
    if (other === undefined) continue;
    const [old, now] = [strip(field.type), strip(other.type)];
    const path = field.name === '' ? spot.path : `${spot.path}.${field.name}`;
    const place = {
      ...moved(spot, field.offset, path, recordName(before)),
      places: { before: field.place, after: other.place },
    };
    // The elements of a flexible array take what is left of the object.
    const flexible = old.kind === 'array' && old.size === null;
    carryPointers(context, out, old, now, place, flexible ? size - field.offset : sizeIn(old));
  }
}

function carryPointer(context: PlanContext, out: Out, before: PointerType, after: PointerType, spot: Spot): void {
  const [target, now] = [strip(before.target), strip(after.target)];
  const type = classOf(context, target);
  const check = addCheck(context, { kind: 'pointer', decisive: true, path: spot.path, type: typeName(before) });
  out.push({ code: code.pointer, check, from: spot.from, to: spot.to, count: 1, type });
  if (target.kind === 'function') {
    if (context.goneFunctions.length > 0) {
      const detail = listed(context.goneFunctions);
      addChange(context, 'functionGone', spot, { before, after }, { detail, check });
    }
    return;
  }
  judgePointee(context, out, before, after, target, now, spot);
}

/**
 * What a pointer leads to may lie on the heap, where nothing is converted. Whether it does is looked at by a check of its
 * own: a pointer that is NULL or leads to a variable of the module is as good as its target.
 */
function judgePointee(
  context: PlanContext,
  out: Out,
  before: PointerType,
  after: PointerType,
  target: PlainType,
  now: PlainType,
  spot: Spot,
): void {
  if (isByte(target) && isByte(now)) return;
  const reached = reaches(target);
  const difference = target.kind === 'void' && now.kind === 'void' ? null : context.compare.difference(target, now);
  const opaque = (target.kind === 'void' || reached.void) && context.changedRecords.length > 0;
  const mayPointBack = target.kind === 'void' || holdsPointers(target);
  if (mayPointBack) context.heapMayPointBack = true;
  if (difference === null && !opaque && !reached.code) return;

  const decisive = difference !== null || opaque;
  const check = addCheck(context, { kind: 'outside', decisive, path: spot.path, type: typeName(before) });
  out.push({ code: code.outside, check, from: spot.from, to: spot.to, count: 1 });
  const types = { before, after };
  if (difference !== null) {
    const detail = `${difference.path === '' ? '' : `${difference.path.replace(/^\./, '')}: `}${difference.before} became ${difference.after}`;
    addChange(context, 'behindPointer', spot, types, { detail, record: nameOf(target), check });
  } else if (opaque) {
    addChange(context, 'voidPointer', spot, types, { detail: listed(context.changedRecords), check });
  } else {
    addChange(context, 'heapCode', spot, types, { detail: typeName(target), check });
  }
}

function nameOf(type: DebugType): string {
  return type.kind === 'record' ? recordName(type) : typeName(type);
}

function moved(spot: Spot, offset: number, path: string, record: string): Spot {
  return {
    ...spot,
    from: spot.from + offset,
    to: spot.to + offset,
    path,
    record,
    offsets: { before: offset, after: offset },
  };
}

function sizeIn(type: PlainType): number {
  return 'size' in type ? (type.size ?? 0) : 0;
}

function listed(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ');
}
