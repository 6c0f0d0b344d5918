import type { EntryIndex } from './index-entries.js';
import { readLineHeader } from './line-header.js';
import type { OpenUnit, Program, TypeReader, UnitBody, UnitFacts } from './program-types.js';
import type { UnitReader } from './unit-reader.js';

const none: readonly string[] = [];

/** Of a unit of which nothing but its index is known yet. */
export function newFacts(index: EntryIndex): UnitFacts {
  return { index, files: null, definitions: null, outer: null, code: null, places: null, looks: new Map() };
}

/** Where a body is read: what is another in each file. */
export type Home = UnitReader & Pick<UnitBody, 'lineTable' | 'program'>;

/** @param readerOf makes what reads types, of the program that the body is read in at the time. */
export function createBody(
  home: Home,
  {
    name,
    directory,
    language,
    facts,
    readerOf,
  }: Pick<UnitBody, 'name' | 'directory' | 'language' | 'facts'> & {
    readonly readerOf: (program: () => Program) => TypeReader;
  },
): UnitBody {
  const body: UnitBody = {
    ...home,
    name,
    directory,
    language,
    index: facts.index,
    facts,
    reader: readerOf(() => body.program),
    types: new Map(),
    scopes: new Map(),
    variables: new Map(),
    functions: new Map(),
    named: new Map(),
    records: new Map(),
    files() {
      const { sections, lineTable } = body;
      if (lineTable === null) return none;
      if (facts.files === null) {
        const { files, inTexts } = readLineHeader(sections, lineTable, directory);
        facts.files = { files, inTexts };
      }
      return facts.files.files;
    },
    get body() {
      return body;
    },
  };
  return body;
}

/** From now on the body is read in the file of this unit, which is the same but for its place. */
export function moveBody(body: UnitBody, unit: OpenUnit, program: Program): void {
  const { sections, cursors, texts, stringBase, stringEnd, addressBase, lineTable } = unit;
  const home: Home = {
    unit: unit.unit,
    sections,
    cursors,
    texts,
    stringBase,
    stringEnd,
    addressBase,
    lineTable,
    program,
  };
  Object.assign(body, home);
}
