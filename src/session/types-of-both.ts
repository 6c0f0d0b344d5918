import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import type { TypesOfBoth } from '../assess/types.js';
import { changedRecords } from '../state/changed-records.js';
import { type CompareOptions, compareState } from '../state/compare.js';
import { heldRecords } from '../state/held-records.js';
import { asUnreadable, readStateModel, wasNameOf } from '../state/model.js';
import { problemOf } from '../state/read-types.js';
import { compareSignatures } from '../state/signatures.js';
import type { StateModel, StateProblem } from '../state/types.js';
import type { Target } from '../target/targets.js';
import { besideLibrary } from './linked-objects.js';

/** Types and storage of a library by its path. Libraries are named by their content, so what was read stays true. */
export interface ModelReader {
  /** @param like an earlier build of it: what is the same there is not read again. */
  read(library: string, like?: string): Promise<StateModel>;
  /** Will be asked for next, if any is: read when there is time for it. */
  expect(library: string): void;
  /** There is time for it. Only the last ones: where hundreds came at once, hardly any is asked for next. */
  readExpected(): void;
  /** Lets go of all others: of a large C++ library a megabyte and more is kept, and every edit makes a new one. */
  keepOnly(libraries: ReadonlySet<string>): void;
  /** The text of a line of a source of the project; null where it is none, or cannot be read. Files are read once. */
  sourceLines(): SourceLine;
}

type SourceLine = (file: string, line: number) => string | null;

/** What two versions of a module say about each other. */
export interface BothVersions extends TypesOfBoth {
  readonly before: StateModel;
  readonly after: StateModel;
}

export interface ComparedVersion {
  readonly library: string;
}

const mostExpected = 16;

/** Enough for what runs and what may come of a large project; the oldest goes first. */
const remembered = 256;

export function createModelReader(root: string, target: Target): ModelReader {
  const models = new Map<string, Promise<StateModel>>();
  let expected: string[] = [];
  const read = (library: string, like?: string): Promise<StateModel> => {
    const known =
      models.get(library) ??
      (async () => {
        const { debug } = (await models.get(like ?? '')) ?? { debug: null };
        // In one go, as `readLibrary` does it.
        return readStateModel(readFileSync(library), {
          sourceLine: sourceLinesOf(root),
          known: debug === null ? [] : [debug],
          ...(target.machO === null ? {} : { beside: besideLibrary(library), machine: target.machO.machine }),
        });
      })();
    models.delete(library);
    models.set(library, known);
    known.catch(() => models.delete(library));
    if (models.size > remembered) models.delete(models.keys().next().value ?? '');
    return known;
  };
  return {
    sourceLines: () => sourceLinesOf(root),
    read,
    expect(library) {
      expected.push(library);
    },
    readExpected() {
      // Where one cannot be read, the verdict says so.
      for (const library of expected.slice(-mostExpected)) read(library).catch(() => undefined);
      expected = [];
    },
    keepOnly(libraries) {
      for (const library of models.keys()) if (!libraries.has(library)) models.delete(library);
    },
  };
}

/**
 * Compares the types of the version that runs with those of the one that is to come.
 *
 * @param addressed other modules use it, and may hold addresses of what is in it.
 * @param gone see `CompareOptions.gone`.
 */
export async function compareVersions(
  models: ModelReader,
  from: ComparedVersion,
  to: ComparedVersion,
  addressed: boolean,
  { gone = false }: { readonly gone?: boolean } = {},
): Promise<BothVersions> {
  const before = await models.read(from.library);
  const after = await models.read(to.library, from.library);
  const sourceLine = models.sourceLines();
  const compare = (one: StateModel, other: StateModel) =>
    compareModels(one, other, { wasName: (field) => wasNameOf(field, sourceLine), addressed, gone });
  try {
    return compare(before, after);
  } catch (error) {
    // Types are read as they are reached, so that damage may show only here. Each model is asked by itself whose it is.
    const problem = problemOf(error);
    const damaged = [before, after].map((model) => damageOf(() => compare(model, model)));
    const known = damaged.some((one) => one !== null);
    const readable = (model: StateModel, own: StateProblem | null | undefined): StateModel =>
      known && own === null ? model : asUnreadable(model, own ?? problem);
    return compare(readable(before, damaged[0]), readable(after, damaged[1]));
  }
}

function compareModels(before: StateModel, after: StateModel, options: CompareOptions): BothVersions {
  const changed = changedRecords(before, after);
  const held = changed.length === 0 ? new Set() : heldRecords(before);
  return {
    before,
    after,
    state: compareState(before, after, options),
    signatures: compareSignatures(before, after),
    changedRecords: changed,
    heldRecords: changed.filter((name) => held.has(name)),
  };
}

function damageOf(read: () => unknown): StateProblem | null {
  try {
    read();
    return null;
  } catch (error) {
    return problemOf(error);
  }
}

/** For one reading: the next one may follow another edit. */
function sourceLinesOf(root: string): SourceLine {
  const files = new Map<string, readonly string[]>();
  return (file, line) => {
    // Nobody marks variables in the headers of the system, and a C++ file has thousands of lines of them.
    const inside = relative(root, file);
    if (inside.startsWith('..') || isAbsolute(inside)) return null;
    const lines = files.get(file) ?? readLines(file);
    files.set(file, lines);
    return lines[line - 1] ?? null;
  };
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
