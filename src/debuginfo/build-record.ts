import { at, op, tag } from './constants.js';
import { Cursor } from './cursor.js';
import { typeNameOf } from './declarations.js';
import type { Entry } from './entry.js';
import { DebugInfoError } from './errors.js';
import { type Parts, refuseInsideItself } from './inside-itself.js';
import { lazy } from './lazy.js';
import type { DescribedUnit, TypeReader } from './program-types.js';
import { sizeOf } from './size-of.js';
import { tagsOf } from './tags.js';
import type { Base, Field, Place, RecordType } from './types.js';

interface RecordParts extends Parts {
  readonly vtableOffset: () => number | null;
}

/** Section 5.7.1 to 5.7.10. */
export function buildRecord(reader: TypeReader, unit: DescribedUnit, entry: Entry): RecordType {
  return new RecordOfFile(reader, unit, entry);
}

/** A class, because a large program has tens of thousands: what is seldom asked for costs nothing until then. */
class RecordOfFile implements RecordType {
  readonly kind = 'record';
  readonly form: RecordType['form'];
  readonly name: string | null;
  readonly size: number;
  readonly align: number | null;
  readonly complete: boolean;
  readonly unit: string;
  readonly #reader: TypeReader;
  readonly #unit: DescribedUnit;
  readonly #entry: Entry;
  #parts: RecordParts | null = null;
  #looked = false;
  #scope: readonly string[] | null = null;
  #place: Place | null = null;

  constructor(reader: TypeReader, unit: DescribedUnit, entry: Entry) {
    this.form = entry.tag === tag.unionType ? 'union' : entry.tag === tag.classType ? 'class' : 'struct';
    this.name = typeNameOf(reader.program, unit, entry);
    this.size = entry.number(at.byteSize) ?? 0;
    this.align = entry.number(at.alignment);
    this.complete = !entry.flag(at.declaration) && (entry.has(at.byteSize) || unit.unit.version < 4);
    this.unit = unit.name;
    this.#reader = reader;
    this.#unit = unit;
    this.#entry = entry;
  }

  get fields(): readonly Field[] {
    if (!this.#looked) refuseInsideItself(this, partsOf);
    this.#looked = true;
    return this.parts.fields();
  }

  get bases(): readonly Base[] {
    return this.parts.bases();
  }

  get vtableOffset(): number | null {
    return this.parts.vtableOffset();
  }

  get scope(): readonly string[] {
    this.#scope ??= this.#reader.program.scopeOf(this.#unit, this.#entry.offset).names;
    return this.#scope;
  }

  get place(): Place {
    this.#place ??= this.#reader.program.placeOf(this.#unit, this.#entry);
    return this.#place;
  }

  get parts(): RecordParts {
    this.#parts ??= readParts(this.#reader, this.#unit, this.#entry);
    return this.#parts;
  }
}

/** What a record consists of, before it was looked at whether that can be. */
function partsOf(record: RecordType): Parts | null {
  return record instanceof RecordOfFile ? record.parts : null;
}

function readParts(reader: TypeReader, unit: DescribedUnit, entry: Entry): RecordParts {
  const children = lazy(() => reader.program.children(unit, entry, tag.member, tag.inheritance));
  const members = lazy(() => children().filter((child) => child.tag === tag.member && !isStatic(child)));
  return {
    fields: lazy(() => {
      const fields: Field[] = [];
      for (const child of members()) {
        if (isVtable(child)) continue;
        const before = entry.tag === tag.unionType ? undefined : fields.at(-1);
        fields.push(buildField(reader, unit, child, placeOf(reader, unit, child, before)));
      }
      return fields;
    }),
    bases: lazy(() =>
      children()
        .filter((child) => child.tag === tag.inheritance)
        .map((child) => buildBase(reader, child)),
    ),
    vtableOffset: lazy(() => {
      const vtable = members().find(isVtable);
      return vtable === undefined ? null : memberOffset(vtable);
    }),
  };
}

/** Before DWARF 5 static members are members that are only declared here. */
function isStatic(member: Entry): boolean {
  return member.flag(at.declaration) || member.flag(at.external);
}

/** `_vptr$shape` (clang), `_vptr.shape` (gcc). */
function isVtable(member: Entry): boolean {
  return member.flag(at.artificial) && (member.string(at.name) ?? '').startsWith('_vptr');
}

type BitPlace = Pick<Field, 'bitOffset' | 'bitSize'>;

/**
 * clang describes a bit-field that is as wide as its type as a plain field, also where it is packed and begins within a byte:
 * at the byte in which the bit-field before it ends. Nothing else can begin there.
 */
function placeOf(reader: TypeReader, unit: DescribedUnit, member: Entry, before: BitPlace | undefined): BitPlace {
  const bitSize = member.number(at.bitSize);
  if (bitSize !== null) return { bitSize, bitOffset: bitFieldOffset(reader, unit, member, bitSize) };
  const bitOffset = memberOffset(member) * 8;
  const end = before === undefined || before.bitSize === null ? 0 : before.bitOffset + before.bitSize;
  if (bitOffset >= end || end - bitOffset >= 8) return { bitSize, bitOffset };
  const size = sizeOf(reader.typeOf(member));
  return size === null ? { bitSize, bitOffset } : { bitSize: size * 8, bitOffset: end };
}

function buildField(reader: TypeReader, unit: DescribedUnit, member: Entry, { bitOffset, bitSize }: BitPlace): Field {
  const type = lazy(() => reader.typeOf(member));
  return {
    name: member.string(at.name) ?? '',
    offset: Math.floor(bitOffset / 8),
    bitOffset,
    bitSize,
    align: member.number(at.alignment),
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
function bitFieldOffset(reader: TypeReader, unit: DescribedUnit, member: Entry, bitSize: number): number {
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
