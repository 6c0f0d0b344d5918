import { sizeOf } from '../debuginfo/size-of.js';
import type { DebugType, RecordType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { typeName } from '../layout/type-name.js';
import { PassingError } from './errors.js';
import { checkPassable, type Leaf, leavesOf } from './leaves.js';
import type { Convention, Piece } from './types.js';

/** How a value of a type travels, before it is known which registers are free. */
export type Passing =
  /** In one register for each piece where all of them are free, otherwise on the stack. */
  | {
      readonly by: 'registers';
      readonly pieces: readonly Piece[];
      readonly size: number;
      readonly align: number;
      /** AAPCS64: a homogeneous floating-point aggregate, whose members take a register each. */
      readonly homogeneous: boolean;
    }
  /** A copy on the stack; as a result, in a buffer of the caller's. */
  | { readonly by: 'memory'; readonly size: number; readonly align: number }
  /** The address of a copy; as a result, in a buffer of the caller's. */
  | { readonly by: 'reference'; readonly size: number }
  /** An object without bytes. */
  | { readonly by: 'nothing' };

/**
 * @throws PassingError where values of the type cannot be passed from here: long double, 128-bit integers, complex numbers,
 * vectors, classes that are not plain.
 */
export function classify(type: DebugType, convention: Convention): Passing {
  const plain = strip(type);
  const size = sizeOf(type);
  if ((plain.kind === 'array' && !plain.vector) || size === null)
    throw new PassingError(`a value of type ${typeName(type)}`);
  if (plain.kind !== 'record') return registers(leavesOf(type), size, size);
  checkPassable(plain);
  if (size === 0) return { by: 'nothing' };
  return convention === 'sysv' ? classifySysv(plain) : classifyArm(plain);
}

/**
 * System V AMD64 ABI, section 3.2.3: up to two eightbytes, each of which goes to an integer register where any part of it
 * is an integer. What is larger, or not aligned, goes to memory.
 */
function classifySysv(type: RecordType): Passing {
  const align = alignOf(type);
  if (type.size > 16) return { by: 'memory', size: type.size, align };
  const leaves = leavesOf(type);
  if (leaves.some((leaf) => !leaf.bits && leaf.offset % leaf.size !== 0))
    return { by: 'memory', size: type.size, align };
  const pieces: Piece[] = [];
  for (let offset = 0; offset < type.size; offset += 8) {
    const inside = leaves.filter((leaf) => leaf.offset < offset + 8 && leaf.offset + leaf.size > offset);
    // Padding alone has no class, and travels nowhere.
    if (inside.length === 0 && offset > 0) continue;
    if (inside.length === 0) throw new PassingError(`${typeName(type)}, which begins with padding`);
    const kind = inside.some((leaf) => leaf.in === 'integer') ? 'integer' : 'float';
    pieces.push({ in: kind, offset, size: Math.min(8, type.size - offset) });
  }
  return { by: 'registers', pieces, size: type.size, align, homogeneous: false };
}

/** AAPCS64, sections 5.9.5 (homogeneous aggregates) and 6.8.2, stages B and C. */
function classifyArm(type: RecordType): Passing {
  const leaves = type.size <= 32 ? leavesOf(type) : [];
  const homogeneous = homogeneousPieces(type, leaves);
  if (homogeneous !== null) {
    const align = Math.max(alignOf(type), homogeneous[0]?.size ?? 1);
    return { by: 'registers', pieces: homogeneous, size: type.size, align, homogeneous: true };
  }
  if (type.size > 16) return { by: 'reference', size: type.size };
  const align = alignOf(type);
  if (align > 8) throw new PassingError(`${typeName(type)} by value, which is aligned to ${align} bytes`);
  const pieces: Piece[] = [];
  for (let offset = 0; offset < type.size; offset += 8) {
    pieces.push({ in: 'integer', offset, size: Math.min(8, type.size - offset) });
  }
  return { by: 'registers', pieces, size: type.size, align, homogeneous: false };
}

/** One to four members of the same floating-point type and nothing else; those of a union lie over one another. */
function homogeneousPieces(type: RecordType, leaves: readonly Leaf[]): readonly Piece[] | null {
  const [first] = leaves;
  if (first === undefined || leaves.some((leaf) => leaf.in !== 'float' || leaf.size !== first.size)) return null;
  const offsets = [...new Set(leaves.map((leaf) => leaf.offset))].sort((a, b) => a - b);
  if (offsets.length > 4 || type.size !== offsets.length * first.size) return null;
  return offsets.map((offset) => ({ in: 'float', offset, size: first.size }));
}

function registers(leaves: readonly Leaf[], size: number, align: number): Passing {
  const pieces = leaves.map((leaf) => ({ in: leaf.in, offset: leaf.offset, size: leaf.size }));
  return { by: 'registers', pieces, size, align, homogeneous: false };
}

/**
 * The alignment of an object in memory. Debug information names it only where the source asks for it on the type; asked for
 * on a field it shows in the size alone.
 */
export function alignOf(type: DebugType): number {
  const plain = strip(type);
  if (plain.kind === 'array') return alignOf(plain.element);
  if (plain.kind !== 'record') return Math.max(1, sizeOf(plain) ?? 1);
  const fields = plain.fields.map((field) => alignOf(field.type));
  const natural = Math.max(1, plain.align ?? 1, ...fields);
  const packed = plain.fields.some((field) => field.bitSize === null && field.offset % alignOf(field.type) !== 0);
  if (packed || plain.size % natural !== 0) return plain.align ?? 1;
  const end = Math.max(
    0,
    ...plain.fields.map((field) =>
      field.bitSize === null
        ? field.offset + (sizeOf(field.type) ?? 0)
        : Math.ceil((field.bitOffset + field.bitSize) / 8),
    ),
  );
  // More padding at the end than the fields need: a field asked for a larger alignment.
  return plain.size - end >= natural && plain.size % 16 === 0 ? Math.max(natural, 16) : natural;
}
