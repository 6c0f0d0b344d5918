import { buildArray } from './build-array.js';
import { buildEnum } from './build-enum.js';
import { buildFunctionType } from './build-function-type.js';
import { buildRecord } from './build-record.js';
import { TypedefOfFile } from './build-typedef.js';
import { at, tag } from './constants.js';
import { findDefinition } from './definitions.js';
import { encodingOf } from './encodings.js';
import type { Entry } from './entry.js';
import { DebugInfoError } from './errors.js';
import { lazy } from './lazy.js';
import type { DescribedUnit, Program, TypeReader, UnitBody } from './program-types.js';
import type { DebugType, PointerType, QualifiedType, VoidType } from './types.js';

/** To build a type hardly ever needs another one first: what it leads to is read when it is asked for. */
const deepest = 100;
const voidType: VoidType = { kind: 'void' };

/** Of the types that are being built, one for the sake of the other, whichever units they stand in. */
let depth = 0;

/** @param programOf what its types may lead into; another one as soon as a unit is read in another file. */
export function createTypeReader(programOf: () => Program): TypeReader {
  return {
    get program() {
      return programOf();
    },
    typeOf(entry) {
      const reference = entry.reference(at.type);
      if (reference === null) return voidType;
      const found = programOf().follow(reference);
      return typeAt(found.unit, found.entry);
    },
    typeAt,
  };
}

/** Types belong to the body of their unit, whichever file they are asked for in. */
function typeAt({ body }: DescribedUnit, entry: Entry): DebugType {
  const known = body.types.get(entry.offset);
  if (known !== undefined) return known;
  if (++depth > deepest) {
    depth--;
    throw new DebugInfoError('damaged', 'a type is defined by itself');
  }
  try {
    const type = build(body.reader, body, entry.reader === body ? entry : body.program.entry(body, entry.offset));
    body.types.set(entry.offset, type);
    return type;
  } finally {
    depth--;
  }
}

function build(reader: TypeReader, unit: UnitBody, entry: Entry): DebugType {
  const name = (): string => entry.string(at.name) ?? '';
  const size = (): number | null => entry.number(at.byteSize);
  const target = lazy(() => reader.typeOf(entry));
  switch (entry.tag) {
    case tag.baseType:
      return { kind: 'base', name: name(), size: size() ?? 0, encoding: encodingOf(entry.number(at.encoding)) };
    case tag.pointerType:
      return pointer('pointer', () => size() ?? unit.unit.address, target);
    case tag.referenceType:
      return pointer('reference', () => size() ?? unit.unit.address, target);
    case tag.rvalueReferenceType:
      return pointer('rvalueReference', () => size() ?? unit.unit.address, target);
    case tag.ptrToMemberType: {
      // A pointer to a member function is an address and an adjustment (Itanium C++ ABI, 2.3).
      const words = () => (leadsToFunction(target()) ? 2 : 1);
      return pointer('memberPointer', () => size() ?? unit.unit.address * words(), target);
    }
    case tag.structureType:
    case tag.classType:
    case tag.unionType:
    case tag.enumerationType: {
      const definition = findDefinition(reader, unit, entry);
      if (definition.entry !== entry) return reader.typeAt(definition.unit, definition.entry);
      return entry.tag === tag.enumerationType ? buildEnum(reader, unit, entry) : buildRecord(reader, unit, entry);
    }
    case tag.arrayType:
      refuseEndless(reader, unit, entry);
      return buildArray(reader, unit, entry);
    case tag.typedef:
    case tag.templateAlias:
      refuseEndless(reader, unit, entry);
      return new TypedefOfFile(reader, unit, entry);
    case tag.constType:
    case tag.immutableType:
      return qualified(reader, unit, entry, 'const');
    case tag.volatileType:
      return qualified(reader, unit, entry, 'volatile');
    case tag.restrictType:
      return qualified(reader, unit, entry, 'restrict');
    case tag.atomicType:
      return qualified(reader, unit, entry, 'atomic');
    case tag.packedType:
      refuseEndless(reader, unit, entry);
      return reader.typeOf(entry);
    case tag.subroutineType:
      return buildFunctionType(reader, unit, entry);
    case tag.unspecifiedType:
      return { kind: 'unspecified', name: name() };
    default:
      throw new DebugInfoError('unsupported', `an entry with the tag 0x${entry.tag.toString(16)} stands for a type`);
  }
}

function pointer(form: PointerType['form'], size: () => number, target: () => DebugType): PointerType {
  return {
    kind: 'pointer',
    form,
    get size() {
      return size();
    },
    get target() {
      return target();
    },
  };
}

function qualified(
  reader: TypeReader,
  unit: DescribedUnit,
  entry: Entry,
  qualifier: QualifiedType['qualifier'],
): QualifiedType {
  refuseEndless(reader, unit, entry);
  const target = lazy(() => reader.typeOf(entry));
  return {
    kind: 'qualified',
    qualifier,
    get target() {
      return target();
    },
  };
}

const transparent: ReadonlySet<number> = new Set([
  tag.typedef,
  tag.templateAlias,
  tag.constType,
  tag.volatileType,
  tag.restrictType,
  tag.atomicType,
  tag.packedType,
  tag.immutableType,
  tag.arrayType,
]);
const longestChain = 500;

/** A name for a name for itself has no meaning, and whoever follows it would never end. */
function refuseEndless({ program }: TypeReader, unit: DescribedUnit, entry: Entry): void {
  let current = { unit, entry };
  for (let length = 0; transparent.has(current.entry.tag); length++) {
    if (length > longestChain) throw new DebugInfoError('damaged', 'a type is defined by itself');
    const reference = current.entry.reference(at.type);
    if (reference === null) return;
    current = program.follow(reference);
  }
}

function leadsToFunction(type: DebugType): boolean {
  if (type.kind === 'typedef' || type.kind === 'qualified') return leadsToFunction(type.target);
  return type.kind === 'function';
}
