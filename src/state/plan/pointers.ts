import type { Field, PointerType, RecordType } from '../../debuginfo/types.js';
import { holdsPointers, type PlainType } from '../../layout/strip.js';
import { typeName } from '../../layout/type-name.js';
import type { Change } from '../types.js';
import { heapFixes } from './containers.js';
import {
  addChange,
  addCheck,
  type Both,
  classOf,
  isByte,
  isLibraryType,
  type Out,
  type PlanContext,
  type Spot,
} from './context.js';
import { labelOf, plainOf, typeLabel } from './labels.js';
import { code, type Operation } from './operations.js';
import { reach, tableOffset } from './reach.js';
import type { Reach } from './reached.js';
import { unionPointers } from './union-pointers.js';

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
      carryElements(context, out, plainOf(before.element), plainOf(after.element), spot, size);
      return;
    }
    case 'record':
      if (after.kind === 'record') carryFields(context, out, before, after, spot, size);
      return;
    default:
      return;
  }
}

/** Words that may hold anything: only where their process has ended is an address among them a matter of a check. */
export function lookAtWords(context: PlanContext, type: PlainType, { from, to, path }: Spot, count: number): Operation {
  const words = { code: code.words, from, to, count, type: 0 };
  if (!context.isGone) return words;
  return { ...words, check: addCheck(context, { kind: 'pointer', decisive: true, path, type: typeLabel(type) }) };
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
    out.push(lookAtWords(context, before, spot, Math.floor(before.size / word)));
    const found = reach(context, { before, after }, false);
    judge(context, spot, { before, after }, found, (decisive) =>
      lookIntoUnion(context, out, { before, after }, spot, found, decisive),
    );
    return;
  }
  const own: Operation[] = [];
  if (before.vtableOffset !== null) carryTable(context, own, before, spot, before.vtableOffset, before.vtableOffset);
  own.push(...heapFixes(before, spot));
  for (const [n, base] of before.bases.entries()) {
    const other = after.bases[n];
    if (other === undefined || base.offset === null) continue;
    const [old, now] = [plainOf(base.type), plainOf(other.type)];
    carryPointers(context, own, old, now, moved(spot, base.offset, spot.path, before), sizeIn(old));
  }
  for (const [n, field] of before.fields.entries()) {
    const other = after.fields[n];
    if (other === undefined || isTablePointer(field)) continue;
    const [old, now] = [plainOf(field.type), plainOf(other.type)];
    const path = field.name === '' ? spot.path : `${spot.path}.${field.name}`;
    const place = {
      ...moved(spot, field.offset, path, before),
      places: { before: field.place, after: other.place },
    };
    // The elements of a flexible array take what is left of the object.
    const flexible = old.kind === 'array' && old.size === null;
    carryPointers(context, own, old, now, place, flexible ? size - field.offset : sizeIn(old));
  }
  out.push(...own);
  carryHeld(context, out, before, after, spot, own);
}

/**
 * Looks whether a union holds pointers to objects outside the image, so that one whose members are all NULL or lead to
 * variables is no reason to refuse. Where a type behind it changed, the words cannot say which type they lead to.
 */
function lookIntoUnion(
  context: PlanContext,
  out: Out,
  types: { readonly before: RecordType; readonly after: RecordType },
  spot: Spot,
  found: Reach,
  decisive: boolean,
): number | null {
  const { before, after } = types;
  if (before.form !== 'union' || found.changed.length > 0) return null;
  if (found.void !== null && context.changedRecords.length > 0) return null;
  const places = unionPointers(context, before, after);
  if (places === null) return null;
  const check = addCheck(context, { kind: 'outside', decisive, path: spot.path, type: labelOf(before) });
  for (const at of places) out.push({ code: code.outside, check, from: spot.from + at, to: spot.to + at, count: 1 });
  return check;
}

/** The word that says which class an object is of. */
export function carryTable(
  context: PlanContext,
  out: Out,
  record: RecordType,
  spot: Spot,
  from: number,
  to: number,
): void {
  context.hasPointers = true;
  const check = addCheck(context, { kind: 'pointer', decisive: true, path: spot.path, type: labelOf(record) });
  out.push({ code: code.pointer, check, from: spot.from + from, to: spot.to + to, count: 1, type: 0 });
}

/** Compilers list the pointer to the virtual table among the fields too. */
export function isTablePointer(field: Field): boolean {
  return field.name.startsWith('_vptr');
}

function carryPointer(context: PlanContext, out: Out, before: PointerType, after: PointerType, spot: Spot): void {
  const [target, now] = [plainOf(before.target), plainOf(after.target)];
  const type = classOf(context, target);
  const name = typeName(before);
  const check = addCheck(context, { kind: 'pointer', decisive: true, path: spot.path, type: name });
  out.push({ code: code.pointer, check, from: spot.from, to: spot.to, count: 1, type });
  if (before.form === 'memberPointer') return judgeMember(context, before, after, spot);
  if (target.kind === 'function') {
    if (context.goneFunctions.length > 0) {
      const detail = listed(context.goneFunctions);
      addChange(context, 'functionGone', spot, { before, after }, { detail, check });
    }
    return;
  }
  // Nobody can tell what bytes are taken for.
  if (isByte(target) || isByte(now)) return;
  const isVoid = target.kind === 'void' || now.kind === 'void';
  const found = isVoid ? unknownObject : reach(context, { before: target, after: now }, true);
  const table = target.kind === 'record' ? tableOffset(target) : null;
  if (table !== null) out.push({ code: code.fixVptr, from: spot.from, to: spot.to, count: 1, a: table });
  judge(context, spot, { before, after }, found, (decisive) => {
    const number = addCheck(context, { kind: 'outside', decisive, path: spot.path, type: name });
    out.push({ code: code.outside, check: number, from: spot.from, to: spot.to, count: 1 });
    return number;
  });
}

/** A pointer to a member is an offset, or a number in a virtual table: with another layout it means another member. */
function judgeMember(context: PlanContext, before: PointerType, after: PointerType, spot: Spot): void {
  if (context.changedRecords.length === 0) return;
  const detail = `it is an offset, and the layout of ${listed(context.changedRecords)} changed`;
  addChange(context, 'incompatible', spot, { before, after }, { detail });
}

const unknownObject: Reach = {
  changed: [],
  void: '',
  code: null,
  table: false,
  back: null,
  functions: false,
  addresses: true,
};

/**
 * A container of the C++ library keeps its elements in nodes whose types no field names. The pointers it holds itself are
 * NULL or lead into its own header while it is empty.
 */
function carryHeld(
  context: PlanContext,
  out: Out,
  before: RecordType,
  after: RecordType,
  spot: Spot,
  own: readonly Operation[],
): void {
  if (!isLibraryType(before) || before.name?.includes('<') !== true || spot.inLibrary === true) return;
  const said = context.changes.filter(({ path }) => path.startsWith(spot.path));
  const isSaid = (kind: Change['kind'], record?: string): boolean =>
    said.some((one) => one.kind === kind && (record === undefined || one.record === record));
  const found = reach(context, { before, after }, false);
  const news: Reach = {
    ...found,
    changed: found.changed.filter((one) => !isSaid('behindPointer', one.type)),
    void: isSaid('voidPointer') ? null : found.void,
    back: isSaid('pointerIntoImage') ? null : found.back,
    code: isSaid('heapCode') ? null : found.code,
    table: false,
    functions: false,
  };
  judge(context, spot, { before, after }, news, (decisive) => {
    const pointers = own.filter((one) => one.code === code.pointer);
    if (pointers.length === 0) return null;
    const check = addCheck(context, { kind: 'outside', decisive, path: spot.path, type: labelOf(before) });
    for (const { from, to, count } of pointers) out.push({ code: code.outside, check, from, to, count });
    return check;
  });
}

/**
 * What pointers lead to may lie on the heap, where nothing is converted. Whether it does is looked at by a check of its
 * own: a pointer that is NULL or leads to a variable of the module is as good as its target, and so is whatever it leads
 * on to, because that variable's own pointers are looked at too.
 *
 * @param outside emits that check; null where it cannot be told which words are pointers.
 */
function judge(
  context: PlanContext,
  spot: Spot,
  types: Both,
  found: Reach,
  outside: (decisive: boolean) => number | null,
): void {
  if (found.addresses) context.heapMayPointBack = true;
  const isUnknown = found.void !== null && context.changedRecords.length > 0;
  if (found.functions && context.goneFunctions.length > 0) {
    addChange(context, 'functionGone', spot, types, { detail: listed(context.goneFunctions) });
  }
  const decisive = found.changed.length > 0 || isUnknown || found.back !== null;
  // A smart pointer holds one object, whose table is re-pointed; behind a plain pointer there may be more of them.
  const old =
    found.code ?? (found.table && spot.inLibrary !== true ? { path: '', type: typeName(types.before) } : null);
  if (!decisive && old === null) return;
  const check = outside(decisive);
  const at = (path: string): Spot => ({ ...spot, path: `${spot.path}${path}` });
  for (const { path, type, detail, sameName } of found.changed) {
    // A variable of the old type is converted to its own new type, not to another one.
    const excused =
      sameName && check !== null && !context.constantRecords().has(type.replace(/^(struct|class|union) /, ''));
    addChange(context, 'behindPointer', at(path), types, { detail, record: type, ...(excused ? { check } : {}) });
  }
  const checked = check === null ? {} : { check };
  if (isUnknown) {
    addChange(context, 'voidPointer', at(found.void ?? ''), types, {
      detail: listed(context.changedRecords),
      ...checked,
    });
  }
  if (found.back !== null) addChange(context, 'pointerIntoImage', at(found.back), types, checked);
  if (!decisive && old !== null) addChange(context, 'heapCode', at(old.path), types, { detail: old.type, ...checked });
}

function moved(spot: Spot, offset: number, path: string, record: RecordType): Spot {
  return {
    ...spot,
    from: spot.from + offset,
    to: spot.to + offset,
    path,
    record: labelOf(record),
    offsets: { before: offset, after: offset },
    inLibrary: spot.inLibrary === true || isLibraryType(record),
  };
}

function sizeIn(type: PlainType): number {
  return 'size' in type ? (type.size ?? 0) : 0;
}

function listed(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ');
}
