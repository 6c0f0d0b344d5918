import type { WrittenTable } from './abbreviation-tables.js';
import type { Abbreviation } from './abbreviations.js';
import { at, form } from './constants.js';
import { Entry } from './entry.js';
import { DebugInfoError } from './errors.js';
import { createLikeSections, type LikeSections } from './like-sections.js';
import type { Opened } from './open-unit.js';
import type { Program, UnitBody } from './program-types.js';
import type { DebugSections } from './sections.js';

/** Finds the body of the same unit in an earlier reading; each is found once. */
export type FindLike = (opened: Opened) => UnitBody | null;

/**
 * Two units are the same where nothing differs but their place, and what a linker fills in: the entries are byte for byte
 * the same, are written by the same table of abbreviations, and every text and source file that they name is the same.
 * What the first entry says of other sections and of addresses may differ, as may the addresses that entries name by
 * number: whoever needs them reads them in the file itself.
 */
export function createLikeUnits(known: readonly Program[]): FindLike {
  const bodies = new Map<string, UnitBody[]>();
  for (const body of new Set(known.flatMap(({ units }) => units.map((unit) => unit.body)))) {
    const key = `${body.directory}\n${body.name}`;
    bodies.set(key, [...(bodies.get(key) ?? []), body]);
  }
  const taken = new Set<UnitBody>();
  const sections = new Map<DebugSections, Map<DebugSections, LikeSections>>();
  const likeSections = (one: DebugSections, other: DebugSections): LikeSections => {
    const ofOne = sections.get(one) ?? new Map<DebugSections, LikeSections>();
    sections.set(one, ofOne);
    const found = ofOne.get(other) ?? createLikeSections(one, other);
    ofOne.set(other, found);
    return found;
  };
  return (opened) => {
    for (const body of bodies.get(`${opened.directory}\n${opened.name}`) ?? []) {
      if (taken.has(body) || !isLike(opened, body, likeSections(opened.root.reader.sections, body.sections))) continue;
      taken.add(body);
      return body;
    }
    return null;
  };
}

function isLike(opened: Opened, body: UnitBody, sections: LikeSections): boolean {
  const { reader } = opened.root;
  const [one, other] = [reader.unit, body.unit];
  const sameForm =
    reader.sections.littleEndian === body.sections.littleEndian &&
    one.table === other.table &&
    one.section === 'debug_info' &&
    other.section === 'debug_info' &&
    one.signature === null &&
    other.signature === null &&
    one.version === other.version &&
    one.end - one.start === other.end - other.start &&
    one.firstEntry - one.start === other.firstEntry - other.start;
  if (!sameForm) return false;
  const uses = usesOf(one.table);
  if (!uses.itself) return false;
  try {
    const root = new Entry(body, opened.root.offset);
    if (!sameRoots(opened.root, root)) return false;
    const length = one.end - opened.root.next;
    return (
      length === other.end - root.next &&
      sections.sameBytes('debug_info', opened.root.next, root.next, length) &&
      (!uses.texts || sections.same('debug_str')) &&
      (!uses.lineTexts || sections.same('debug_line_str')) &&
      (!uses.numberedTexts || sections.sameTexts(reader, body)) &&
      sections.sameFiles(opened, body)
    );
  } catch (error) {
    // Whatever is wrong with it shows where it is read.
    if (error instanceof DebugInfoError) return false;
    throw error;
  }
}

/** What the entries of a unit lead to outside of it. */
interface Uses {
  /** Nothing but texts, and addresses by number. */
  readonly itself: boolean;
  readonly texts: boolean;
  readonly lineTexts: boolean;
  readonly numberedTexts: boolean;
}

const usesByTable = new WeakMap<WrittenTable, Uses>();

function usesOf(table: WrittenTable): Uses {
  const found = usesByTable.get(table);
  if (found !== undefined) return found;
  const forms = new Set(table.entries.flatMap((one) => one?.forms ?? []));
  const uses = {
    itself: forms.isSubsetOf(own),
    texts: forms.has(form.strp),
    lineTexts: forms.has(form.lineStrp),
    numberedTexts: !forms.isDisjointFrom(numberedTexts),
  };
  usesByTable.set(table, uses);
  return uses;
}

const numberedTexts: ReadonlySet<number> = new Set([form.strx, form.strx1, form.strx2, form.strx3, form.strx4]);
const places: ReadonlySet<number> = new Set([
  form.addr,
  form.addrx,
  form.addrx1,
  form.addrx2,
  form.addrx3,
  form.addrx4,
  form.secOffset,
  form.loclistx,
  form.rnglistx,
]);
const constants: ReadonlySet<number> = new Set([
  form.data1,
  form.data2,
  form.data4,
  form.data8,
  form.data16,
  form.sdata,
  form.udata,
  form.implicitConst,
]);
const texts: ReadonlySet<number> = new Set([form.string, form.strp, form.lineStrp, ...numberedTexts]);
const flags: ReadonlySet<number> = new Set([form.flag, form.flagPresent]);

/** Not among them are references out of the unit, and forms that only the data names. */
const own: ReadonlySet<number> = new Set([
  ...places,
  ...constants,
  ...texts,
  ...flags,
  form.block,
  form.block1,
  form.block2,
  form.block4,
  form.exprloc,
  form.ref1,
  form.ref2,
  form.ref4,
  form.ref8,
  form.refUdata,
]);

/** Attributes of a first entry that hold places, which up to DWARF 3 are written as plain numbers. */
const placed: ReadonlySet<number> = new Set([
  at.stmtList,
  at.lowPc,
  at.highPc,
  at.ranges,
  at.strOffsetsBase,
  at.addrBase,
  at.rnglistsBase,
]);

function sameRoots(one: Entry, other: Entry): boolean {
  const { abbreviation } = one;
  return (
    abbreviation === other.abbreviation &&
    abbreviation.attributes.every((attribute, n) => sameAttribute(abbreviation, n, attribute, one, other))
  );
}

function sameAttribute({ forms }: Abbreviation, n: number, attribute: number, one: Entry, other: Entry): boolean {
  const kind = forms[n] ?? 0;
  if (placed.has(attribute) || places.has(kind)) return true;
  if (texts.has(kind)) return one.string(attribute) === other.string(attribute);
  if (constants.has(kind)) return one.big(attribute) === other.big(attribute);
  return flags.has(kind) && one.flag(attribute) === other.flag(attribute);
}
