import type { BaseType, EnumType } from '../../debuginfo/types.js';
import type { PlainType } from '../../layout/strip.js';
import { addChange, addCheck, addPiece, classOf, type Out, type PlanContext, type Spot } from './context.js';
import { code, mustKnow, numberKind } from './operations.js';

export type Scalar = BaseType | EnumType;
type Number = 'signed' | 'unsigned' | 'float' | 'boolean';

export function isScalar(type: PlainType): type is Scalar {
  return type.kind === 'base' || type.kind === 'enum';
}

/** Where a number stands in its storage, when it is a bit-field. */
export interface Bits {
  readonly size: number;
  /** Counted from the lowest bit of the byte at the spot's address. */
  readonly first: number;
}

/** One number to another: by the names of enumerators, else by value. */
export function carryScalar(
  context: PlanContext,
  out: Out,
  before: Scalar,
  after: Scalar,
  spot: Spot,
  bits: { readonly before: Bits | null; readonly after: Bits | null } = { before: null, after: null },
): void {
  const [from, to] = [numberOf(before), numberOf(after)];
  if (from === null || to === null) {
    addChange(context, 'incompatible', spot, { before, after });
    return;
  }
  const [fromBits, toBits] = [bits.before?.size ?? widthOf(before), bits.after?.size ?? widthOf(after)];
  const a = numberKind(from, fromBits, bits.before?.first ?? 0);
  const b = numberKind(to, toBits, bits.after?.first ?? 0);
  const place = { from: spot.from, to: spot.to };
  if (bits.before === null && bits.after === null) {
    addPiece(context, 'starts', { ...place, length: 0, type: classOf(context, before), element: 0 });
  }
  if (before.kind === 'enum' && after.kind === 'enum' && before.members.length > 0) {
    return carryEnum(context, out, before, after, spot, a, b);
  }
  const fits = alwaysFits(from, fromBits, to, toBits);
  const check = fits
    ? undefined
    : addCheck(context, {
        kind: 'narrowed',
        decisive: true,
        path: spot.path,
        type: after.name ?? '',
        number: readAs(from),
      });
  out.push({ code: code.convert, ...place, count: 1, a, b, ...(check === undefined ? {} : { check }) });
  const sameMeaning = from === to && fromBits === toBits;
  if (sameMeaning) return;
  const kind = spot.record === '' ? 'variableConverted' : 'fieldConverted';
  if (check === undefined) addChange(context, kind, spot, { before, after });
  else addChange(context, 'narrowed', spot, { before, after }, { check });
}

/** Values go by the names of their enumerators; one that has no name any more is only carried where nobody has it. */
function carryEnum(
  context: PlanContext,
  out: Out,
  before: EnumType,
  after: EnumType,
  spot: Spot,
  a: number,
  b: number,
): void {
  const now = new Map(after.members.map((member) => [member.name, member.value]));
  const kept = before.members.filter((member) => now.has(member.name));
  const removed = before.members.filter((member) => !now.has(member.name));
  const renumbered = kept.filter((member) => now.get(member.name) !== member.value);
  const record = after.name === null ? 'the enumeration' : `enum ${after.name}`;
  // A combination of flags has no name, and what it means is lost with the numbers of its parts.
  const unnamed = renumbered.length > 0 && isSetOfFlags(before);
  const strict = removed.length > 0 || unnamed;
  const check = strict
    ? addCheck(context, { kind: 'enumeratorRemoved', decisive: true, path: spot.path, type: record, number: 'signed' })
    : undefined;
  const first = context.values.length;
  for (const { name, value } of kept) context.values.push({ from: value, to: now.get(name) ?? value });
  out.push({
    code: code.enumeration,
    flags: strict ? mustKnow : 0,
    from: spot.from,
    to: spot.to,
    count: kept.length,
    a,
    b,
    type: first,
    ...(check === undefined ? {} : { check }),
  });
  const types = { before, after };
  if (renumbered.length > 0) {
    const detail = renumbered
      .slice(0, 4)
      .map(({ name, value }) => `${name} ${value} -> ${now.get(name)}`)
      .join(', ');
    addChange(context, 'enumRenumbered', spot, types, { detail, record });
  }
  if (check !== undefined && removed.length > 0) {
    const detail = removed.map((member) => member.name).join(', ');
    addChange(context, 'enumeratorRemoved', spot, types, { detail, record, check });
  } else if (check !== undefined) {
    const detail = 'the same numbers, of which a value may combine several';
    addChange(context, 'enumeratorRemoved', spot, types, { detail, record, check });
  }
  if (!strict && (before.size !== after.size || before.signed !== after.signed)) {
    addChange(context, spot.record === '' ? 'variableConverted' : 'fieldConverted', spot, types);
  }
}

/** Names for single bits, at least three of them: with fewer, 0, 1 and 2 are as likely to be counted. */
function isSetOfFlags({ members }: EnumType): boolean {
  const values = new Set(members.map((member) => member.value).filter((value) => value > 0n));
  const bits = [...values].filter((value) => (value & (value - 1n)) === 0n);
  return bits.length >= 3 && members.every(({ value }) => value >= 0n) && !values.has(3n);
}

/** Null for what is no plain number: complex and decimal numbers, integers wider than 64 bits. */
export function numberOf(type: Scalar): Number | null {
  if (type.kind === 'enum') return type.signed ? 'signed' : 'unsigned';
  if (type.encoding !== 'float' && type.size > 8) return null;
  switch (type.encoding) {
    case 'signed':
    case 'character':
      return 'signed';
    case 'unsigned':
    case 'unsignedCharacter':
    case 'utf':
      return 'unsigned';
    case 'float':
      return [4, 8, 16].includes(type.size) ? 'float' : null;
    case 'boolean':
      return 'boolean';
    default:
      return null;
  }
}

/** `long double` of 16 bytes has 80 bits on x86-64, and is carried as what the machine makes of it. */
function widthOf(type: Scalar): number {
  return type.size * 8;
}

/** Whether every value of the one is a value of the other, rounding of large integers aside. */
function alwaysFits(from: Number, fromBits: number, to: Number, toBits: number): boolean {
  if (from === 'boolean') return true;
  if (to === 'boolean') return false;
  if (to === 'float') return from !== 'float' || toBits >= fromBits;
  if (from === 'float') return false;
  if (from === to) return toBits >= fromBits;
  return from === 'unsigned' && toBits > fromBits;
}

function readAs(from: Number): 'signed' | 'unsigned' | 'float' {
  return from === 'boolean' ? 'unsigned' : from;
}
