import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import type { TypesOfBoth } from '../assess/types.js';
import { changedRecords } from '../state/changed-records.js';
import { compareState } from '../state/compare.js';
import { readStateModel, wasNameOf } from '../state/model.js';
import { compareSignatures } from '../state/signatures.js';
import type { StateModel } from '../state/types.js';
import type { LibraryFacts } from '../validate/types.js';

/** Types and storage of a library by its path. Libraries are named by their content, so what was read stays true. */
export interface ModelReader {
  read(library: string): Promise<StateModel>;
  /** The text of a line of a source of the project; null where it is none, or cannot be read. */
  readonly sourceLine: SourceLine;
}

type SourceLine = (file: string, line: number) => string | null;

/** What two versions of a module say about each other. */
export interface BothVersions extends TypesOfBoth {
  readonly before: StateModel;
  readonly after: StateModel;
}

export interface ComparedVersion {
  readonly library: string;
  readonly file: LibraryFacts;
}

/** Enough for what runs and what may come of a large project; the oldest goes first. */
const remembered = 256;

export function createModelReader(root: string): ModelReader {
  const models = new Map<string, Promise<StateModel>>();
  const sourceLine = (file: string, line: number): string | null => {
    // Nobody marks variables in the headers of the system, and a C++ file has thousands of lines of them.
    const inside = relative(root, file);
    if (inside.startsWith('..') || isAbsolute(inside)) return null;
    return readLine(file, line);
  };
  return {
    sourceLine,
    read(library) {
      const known = models.get(library) ?? readFile(library).then((bytes) => readStateModel(bytes, { sourceLine }));
      models.delete(library);
      models.set(library, known);
      known.catch(() => models.delete(library));
      if (models.size > remembered) models.delete([...models.keys()][0] ?? '');
      return known;
    },
  };
}

/** Compares the types of the version that runs with those of the one that is to come. */
export async function compareVersions(
  models: ModelReader,
  from: ComparedVersion,
  to: ComparedVersion,
): Promise<BothVersions> {
  const [before, after] = await Promise.all([models.read(from.library), models.read(to.library)]);
  // Of weak ones, templates and inline functions, every user has a copy of its own.
  const exported = new Set(to.file.exports.filter((symbol) => !symbol.weak).map((symbol) => symbol.name));
  return {
    before,
    after,
    state: compareState(before, after, { wasName: (field) => wasNameOf(field, models.sourceLine) }),
    signatures:
      before.debug === null || after.debug === null ? [] : compareSignatures(before.debug, after.debug, exported),
    changedRecords: changedRecords(before, after),
  };
}

function readLine(file: string, line: number): string | null {
  try {
    return readFileSync(file, 'utf8').split('\n')[line - 1] ?? null;
  } catch {
    return null;
  }
}
