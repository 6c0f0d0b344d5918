import type { Change, ChangeKind, Side } from '../state/types.js';
import { listNames } from './lists.js';

/** One sentence, without its full stop, for each kind of change. */
const texts: Readonly<Record<ChangeKind, (change: Change) => string>> = {
  variableAdded: ({ path }) => `${path} is new and starts with its initial value`,
  constantChanged: ({ path }) => `the constant ${path} has another value`,
  reset: ({ path }) => `${path} starts afresh, as HOTMOD_RESET says`,
  fieldAdded: ({ path, after }) => `${path} (${sideOf(after)}) is new`,
  fieldMoved: ({ path, before, after }) => `${path} moves from offset ${before?.offset} to ${after?.offset}`,
  fieldConverted: (change) =>
    `${change.path} becomes ${change.after?.type} from ${change.before?.type}${moved(change)}`,
  variableConverted: ({ path, before, after }) => `${path} becomes ${after?.type} from ${before?.type}`,
  variableMoved: ({ path, detail }) => `${path} is taken to be the variable that was ${detail}`,
  arrayLonger: ({ path, before, after }) => `${path} grows from ${before?.type} to ${after?.type}`,
  enumRenumbered: ({ path, record, detail }) =>
    `${path}: the enumerators of ${record} have other numbers now${because(detail)}`,
  carriedAs: ({ path, detail }) => `${path} takes the value of ${detail}`,
  fieldRemoved: ({ path, before }) => `${path} (${sideOf(before)}) is gone, and its value is dropped`,
  variableRemoved: ({ path, before }) => `the variable ${path} (${before?.type}) is gone, and its value is dropped`,
  renamed: ({ path, before, detail }) =>
    `${detail} (${before?.type}) is gone and ${path} of the same type is new: renamed? Its value is not carried over`,
  initialValue: ({ path }) => `the initial value of ${path} changed`,
  narrowed: (change) => `${change.path} becomes ${change.after?.type} from ${change.before?.type}${moved(change)}`,
  arrayShorter: ({ path, before, after }) => `${path} shrinks from ${before?.type} to ${after?.type}`,
  enumeratorRemoved: ({ path, record, detail }) => `${path}: ${record} no longer has ${detail}`,
  functionGone: ({ path, detail }) => `${path} may point to ${detail}, which the new version does not have`,
  pointerIntoImage: ({ path }) => `${path} may point into the running version`,
  behindPointer: ({ path, record, detail }) => `${path} points to ${record}, whose layout changed${because(detail)}`,
  voidPointer: ({ path, detail }) =>
    `${path} is a void pointer, and the layout of types of the module changed${because(detail)}`,
  unionChanged: ({ path, record, detail }) =>
    `${path}: ${record === '' ? 'the union' : record} changed${because(detail)}`,
  flexibleArray: ({ path, detail }) => `${path} has a flexible array whose record changed${because(detail)}`,
  incompatible: ({ path, before, after, detail }) =>
    `${path} becomes ${after?.type} from ${before?.type}, and one cannot be made of the other${because(detail)}`,
  typeUnknown: ({ path, detail }) => `the type of ${path} is not known${because(detail)}`,
  ambiguous: ({ path, detail }) => `which variable ${path} goes on as cannot be told${because(detail)}`,
  untypedStorage: ({ path, detail }) => `${path} is storage that no type is known of${because(detail)}`,
  debugInfo: ({ detail }) => `the types of the state cannot be read: ${detail}`,
  heapCode: ({ path, detail }) =>
    `objects behind ${path} hold addresses of code${detail === '' ? '' : ` (${detail})`} and go on using the old code, which stays in memory`,
  threadLocal: ({ path }) => `the thread-local variable ${path} starts afresh in every thread`,
  threads: ({ detail }) =>
    `the module starts threads (${detail}); those that run go on in the old code, which stays in memory`,
};

export function describeChange(change: Change): string {
  return texts[change.kind](change);
}

/** All that happened to one record's fields in one sentence. */
export function describeRecord(record: string, changes: readonly Change[]): string {
  const fields = new Map(changes.map((change) => [change.path.split('.').at(-1) ?? change.path, change]));
  const parts = [...fields].map(([name, { kind, before, after }]) =>
    kind === 'fieldAdded'
      ? `${name} (${sideOf(after)}) is new`
      : `${name} moves from offset ${before?.offset} to ${after?.offset}`,
  );
  // A struct without a name is known by the variable or field that is of it.
  const owner = changes[0]?.path.split('.').slice(0, -1).join('.') ?? '';
  const name = record.endsWith('{...}') && owner !== '' ? `${record} of ${owner}` : record;
  return `the layout of ${name} changed: ${listNames(parts)}`;
}

function sideOf(side: Side | null): string {
  if (side === null) return '';
  return side.offset === null ? side.type : `${side.type} at offset ${side.offset}`;
}

function moved({ before, after }: Change): string {
  if (before?.offset === undefined || before.offset === null || before.offset === after?.offset) return '';
  return ` and moves from offset ${before.offset} to ${after?.offset}`;
}

function because(detail: string): string {
  return detail === '' ? '' : `: ${detail}`;
}
