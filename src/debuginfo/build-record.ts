import type { TypeReader } from './build-type.js';
import { at, op, tag } from './constants.js';
import { Cursor } from './cursor.js';
import { typeNameOf } from './declarations.js';
import type { Entry } from './entry.js';
import { DebugInfoError } from './errors.js';
import { type Parts, refuseInsideItself } from './inside-itself.js';
import { lazy } from './lazy.js';
import type { OpenUnit } from './open-unit.js';
import { sizeOf } from './size-of.js';
import { tagsOf } from './tags.js';
import type { Base, Field, RecordType } from './types.js';

/** Section 5.7.1 to 5.7.10. */
export function buildRecord(reader: TypeReader, unit: OpenUnit, entry: Entry): RecordType {
  const children = lazy(() => reader.program.children(unit, entry, tag.member, tag.inheritance));
  const members = lazy(() => children().filter((child) => child.tag === tag.member && !isStatic(child)));
  const parts: Parts = {
    fields: lazy(() =>
      members()
        .filter((child) => !isVtable(child))
        .map((child) => buildField(reader, unit, child)),
    ),
    bases: lazy(() =>
      children()
        .filter((child) => child.tag === tag.inheritance)
        .map((child) => buildBase(reader, child)),
    ),
  };
  const fields = lazy(() => {
    refuseInsideItself(record, reader.parts);
    return parts.fields();
  });
  const record: RecordType = {
    kind: 'record',
    form: entry.tag === tag.unionType ? 'union' : entry.tag === tag.classType ? 'class' : 'struct',
    name: typeNameOf(reader.program, unit, entry),
    size: entry.number(at.byteSize) ?? 0,
    align: entry.number(at.alignment),
    complete: !entry.flag(at.declaration) && (entry.has(at.byteSize) || unit.unit.version < 4),
    unit: unit.name,
    get scope() {
      return reader.program.scopeOf(unit, entry.offset).names;
    },
    get fields() {
      return fields();
    },
    get bases() {
      return parts.bases();
    },
    get vtableOffset() {
      const vtable = members().find(isVtable);
      return vtable === undefined ? null : memberOffset(vtable);
    },
    get place() {
      return reader.program.placeOf(unit, entry);
    },
  };
  reader.parts.set(record, parts);
  return record;
}

/** Before DWARF 5 static members are members that are only declared here. */
function isStatic(member: Entry): boolean {
  return member.flag(at.declaration) || member.flag(at.external);
}

/** `_vptr$shape` (clang), `_vptr.shape` (gcc). */
function isVtable(member: Entry): boolean {
  return member.flag(at.artificial) && (member.string(at.name) ?? '').startsWith('_vptr');
}

function buildField(reader: TypeReader, unit: OpenUnit, member: Entry): Field {
  const bitSize = member.number(at.bitSize);
  const bitOffset = bitSize === null ? memberOffset(member) * 8 : bitFieldOffset(reader, unit, member, bitSize);
  const type = lazy(() => reader.typeOf(member));
  return {
    name: member.string(at.name) ?? '',
    offset: Math.floor(bitOffset / 8),
    bitOffset,
    bitSize,
    artificial: member.flag(at.artificial),
    get type() {
      return type();
    },
    get place() {
      return reader.program.placeOf(unit, member);
    },
    get tags() {
      return tagsOf(reader.program, unit, member);
    },
  };
}

/**
 * Section 5.7.6. Up to DWARF 4 there is another form (section 5.6.6 there): `DW_AT_bit_offset` counts from the most
 * significant bit of a storage unit of `DW_AT_byte_size` bytes.
 */
function bitFieldOffset(reader: TypeReader, unit: OpenUnit, member: Entry, bitSize: number): number {
  const direct = member.number(at.dataBitOffset);
  // Section 5.7.6 allows one or the other; where both are there, bits count from the byte.
  if (direct !== null) return memberOffset(member) * 8 + direct;
  // Of a packed bit-field that begins before its storage unit it is negative, in whichever form.
  const counted = member.big(at.bitOffset);
  const fromTop = counted === null ? null : Number(BigInt.asIntN(64, counted));
  const start = memberOffset(member) * 8;
  if (fromTop === null) return start;
  const storage = member.number(at.byteSize) ?? sizeOf(reader.typeOf(member)) ?? 4;
  return unit.sections.littleEndian ? start + storage * 8 - fromTop - bitSize : start + fromTop;
}

/** A constant, or in old versions an expression that adds one. */
function memberOffset(member: Entry): number {
  const constant = member.number(at.dataMemberLocation);
  if (constant !== null) return constant;
  const block = member.block(at.dataMemberLocation);
  if (block === null) return 0;
  const cursor = new Cursor(block.bytes, true);
  if (cursor.u8() === op.plusUconst) return cursor.uleb();
  throw new DebugInfoError('unsupported', 'the place of a field is computed by an expression');
}

function buildBase(reader: TypeReader, inheritance: Entry): Base {
  const virtual = (inheritance.number(at.virtuality) ?? 0) !== 0;
  const type = lazy(() => reader.typeOf(inheritance));
  return {
    virtual,
    offset: virtual ? null : memberOffset(inheritance),
    get type() {
      return type();
    },
  };
}
