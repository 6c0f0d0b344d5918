import { at, form, tag } from './constants.js';
import type { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import { type FormSizes, fixedLength, skipVariable } from './forms.js';

/** How one kind of entry is written (DWARF 5, section 7.5.3): its tag, and for each attribute its form. */
export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly number[];
  readonly forms: readonly number[];
  /** Values of `DW_FORM_implicit_const`, by position. */
  readonly implicit: readonly (bigint | undefined)[];
  /** Bytes from the first attribute to this one; -1 where the length of one before it stands in the data. */
  readonly places: readonly number[];
  /**
   * How to move past an entry of this kind: a positive number of bytes to leap, or the negative number of a form whose
   * length stands in the data. Made once, so that walking over entries decodes nothing.
   */
  readonly skips: readonly number[];
  /** Questions begin with entries of this kind, or they are a scope around such. */
  readonly indexed: boolean;
}

/** By code; the codes that compilers give are small and dense. */
export type AbbreviationTable = readonly (Abbreviation | undefined)[];

/** A code of this size no compiler gives; a table as long would be the work of damage. */
const highestCode = 1 << 20;

export function readAbbreviations(cursor: Cursor, sizes: FormSizes): AbbreviationTable {
  const table: (Abbreviation | undefined)[] = [];
  for (;;) {
    const code = cursor.uleb();
    if (code === 0) return table;
    if (code > highestCode) throw new DebugInfoError('damaged', `an abbreviation has the code ${code}`);
    if (table[code] !== undefined) throw new DebugInfoError('damaged', `two abbreviations have the code ${code}`);
    table[code] = readAbbreviation(cursor, sizes);
  }
}

function readAbbreviation(cursor: Cursor, sizes: FormSizes): Abbreviation {
  const kind = cursor.uleb();
  const children = cursor.u8();
  refuseUnknown(kind, children);
  const attributes: number[] = [];
  const forms: number[] = [];
  const implicit: (bigint | undefined)[] = [];
  const places: number[] = [];
  const skips: number[] = [];
  let place = 0;
  for (;;) {
    const attribute = cursor.uleb();
    const how = cursor.uleb();
    if (attribute === 0 && how === 0) break;
    refuseUnknownAttribute(attribute);
    if (how === form.implicitConst) implicit[forms.length] = cursor.sleb();
    attributes.push(attribute);
    forms.push(how);
    places.push(place);
    const length = fixedLength(how, sizes);
    if (length === null) {
      skips.push(-how);
      place = -1;
      continue;
    }
    if ((skips.at(-1) ?? -1) >= 0) skips.push((skips.pop() ?? 0) + length);
    else skips.push(length);
    if (place >= 0) place += length;
  }
  // A variable that only the stack or a register holds is told apart when it is asked for; one without any place, here.
  // A member that is only declared is a static one, whose class is asked for by where it is defined.
  const indexed =
    kind === tag.variable
      ? attributes.includes(at.location)
      : wanted.has(kind) || (kind === tag.member && attributes.includes(at.declaration));
  return { tag: kind, hasChildren: children === 1, attributes, forms, implicit, places, skips, indexed };
}

/** Moves past the attributes of an entry. */
export function skipAttributes(cursor: Cursor, { skips }: Abbreviation, sizes: FormSizes): void {
  for (const skip of skips) {
    if (skip >= 0) cursor.at += skip;
    else skipVariable(cursor, -skip, sizes);
  }
}

const wanted: ReadonlySet<number> = new Set([
  tag.compileUnit,
  tag.partialUnit,
  tag.typeUnit,
  tag.skeletonUnit,
  tag.namespace,
  tag.structureType,
  tag.classType,
  tag.unionType,
  tag.enumerationType,
  tag.typedef,
  tag.templateAlias,
  tag.subprogram,
  tag.lexicalBlock,
]);

/** Sections 7.5.3 and 7.5.4: what lies between the standard's numbers and those left to vendors, nobody writes. */
const lastTag = 0x4b;
const vendorTags = { first: 0x4080, last: 0xffff } as const;
const lastAttribute = 0x8c;
const vendorAttributes = { first: 0x2000, last: 0x3fff } as const;

/** A damaged table must not pass for one that describes no variables. */
function refuseUnknown(kind: number, children: number): void {
  const known = (kind > 0 && kind <= lastTag) || (kind >= vendorTags.first && kind <= vendorTags.last);
  if (!known) throw new DebugInfoError('damaged', `an abbreviation has the tag 0x${kind.toString(16)}`);
  if (children > 1) throw new DebugInfoError('damaged', 'an abbreviation neither has children nor has none');
}

function refuseUnknownAttribute(attribute: number): void {
  const vendor = attribute >= vendorAttributes.first && attribute <= vendorAttributes.last;
  if ((attribute > 0 && attribute <= lastAttribute) || vendor) return;
  throw new DebugInfoError('damaged', `an abbreviation has the attribute 0x${attribute.toString(16)}`);
}
