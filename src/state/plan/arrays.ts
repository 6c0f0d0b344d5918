import { sizeOf } from '../../debuginfo/size-of.js';
import type { ArrayType, DebugType } from '../../debuginfo/types.js';
import { rowsOf } from '../../layout/rows.js';
import { strip } from '../../layout/strip.js';
import {
  addChange,
  addCheck,
  addPiece,
  type Carry,
  classOf,
  type Out,
  type PlanContext,
  type Spot,
} from './context.js';
import { code, type Operation } from './operations.js';

/** Element by element, as many as both have. */
export function carryArray(
  context: PlanContext,
  out: Out,
  before: ArrayType,
  after: ArrayType,
  spot: Spot,
  carryOne: Carry,
): void {
  const [old, now] = [rowsOf(before), rowsOf(after)];
  if (before.vector || after.vector) return addChange(context, 'incompatible', spot, { before, after });
  if (old.count === null || now.count === null) return addChange(context, 'flexibleArray', spot, { before, after });
  const [fromStride, toStride] = [sizeOf(old.element), sizeOf(now.element)];
  if (fromStride === null || toStride === null) return addChange(context, 'typeUnknown', spot, { before, after });
  const common = Math.min(old.count, now.count);

  if (now.count > old.count) addChange(context, 'arrayLonger', spot, { before, after });
  if (now.count < old.count)
    dropTail(context, out, before, after, spot, { common, old: old.count, stride: fromStride });
  if (common === 0) return;

  if (context.compare.sameLayout(old.element, now.element)) {
    const types = { before: shortened(before, common), after: shortened(after, common) };
    return carryOne(context, out, types, spot);
  }
  const body: Operation[] = [];
  context.loops.push({ count: common, fromStride, toStride });
  addPiece(context, 'starts', {
    from: spot.from,
    to: spot.to,
    length: 0,
    type: classOf(context, old.element),
    element: 0,
  });
  carryOne(context, body, { before: old.element, after: now.element }, { ...spot, path: `${spot.path}[]` });
  context.loops.pop();
  if (body.length > 0) {
    out.push({ code: code.loop, from: spot.from, to: spot.to, count: common, a: fromStride, b: toStride, body });
  }
}

/** What is cut off must be empty, and a text must still end: its last byte that is kept counts too. */
function dropTail(
  context: PlanContext,
  out: Out,
  before: ArrayType,
  after: ArrayType,
  spot: Spot,
  { common, old, stride }: { readonly common: number; readonly old: number; readonly stride: number },
): void {
  const check = addCheck(context, { kind: 'arrayShorter', decisive: true, path: spot.path, type: '' });
  const text = isCharacter(before.element) && common > 0 ? 1 : 0;
  const start = common * stride - text;
  out.push({
    code: code.mustBeZero,
    check,
    from: spot.from + start,
    to: spot.to,
    count: (old - common) * stride + text,
  });
  addChange(context, 'arrayShorter', spot, { before, after }, { check });
}

/** Plain `char`, which has a sign on some machines and none on others. Other bytes are data, which ends where it ends. */
function isCharacter(type: DebugType): boolean {
  const plain = strip(type);
  return plain.kind === 'base' && plain.size === 1 && plain.name === 'char';
}

function shortened(array: ArrayType, rows: number): ArrayType {
  const row = sizeOf(rowsOf(array).element);
  const { kind, element, vector } = array;
  const size = row === null ? null : row * rows;
  return { kind, element, vector, size, dimensions: [rows, ...array.dimensions.slice(1)] };
}
