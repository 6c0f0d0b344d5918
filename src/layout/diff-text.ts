import type { FieldChange, FieldSide, LayoutChange } from './diff.js';

/** The differences of two builds as lines for people, a line for each record and each field; empty where there are none. */
export function diffText(changes: readonly LayoutChange[]): readonly string[] {
  return changes.flatMap((change) => [head(change), ...change.fields.map((field) => `  ${fieldLine(field)}`)]);
}

function head({ name, change, sizeBefore, sizeAfter, alignBefore, alignAfter }: LayoutChange): string {
  if (change === 'added') return `${name}: new, ${sizeAfter} bytes`;
  if (change === 'removed') return `${name}: gone, it had ${sizeBefore} bytes`;
  const size = sizeBefore === sizeAfter ? `${sizeAfter} bytes as before` : `${sizeBefore} bytes became ${sizeAfter}`;
  return alignBefore === alignAfter
    ? `${name}: ${size}`
    : `${name}: ${size}, alignment ${alignBefore} became ${alignAfter}`;
}

function fieldLine({ change, name, was, before, after }: FieldChange): string {
  switch (change) {
    case 'added':
      return `+ ${name}: ${typeAndPlace(after)}`;
    case 'removed':
      return `- ${name}: it was ${typeAndPlace(before)}`;
    case 'moved':
      return `~ ${name}: moved from ${placeOf(before)} to ${placeOf(after)}`;
    case 'retyped': {
      const moved =
        placeOf(before) === placeOf(after) ? '' : `, and moved from ${placeOf(before)} to ${placeOf(after)}`;
      return `~ ${name}: ${typeOf(before)} became ${typeOf(after)}${moved}`;
    }
    case 'renamed':
      return `? ${name}: new, and ${was} of the same type is gone: renamed? (${placeOf(before)} to ${placeOf(after)})`;
    default: {
      const unknown: never = change;
      throw new Error(`fieldLine: ${JSON.stringify(unknown)}`);
    }
  }
}

function typeAndPlace(side: FieldSide | null): string {
  return `${typeOf(side)} at ${placeOf(side)}`;
}

/** Where the type's name tells no difference, the size does. */
function typeOf(side: FieldSide | null): string {
  if (side === null) return 'nothing';
  return side.bitSize === undefined ? `${side.type} (${side.size} bytes)` : `${side.type} : ${side.bitSize}`;
}

function placeOf(side: FieldSide | null): string {
  if (side === null) return 'nowhere';
  if (side.bitOffset !== undefined) return `bit ${side.bitOffset}`;
  return side.offset < 0 ? 'a place that depends on the object' : `offset ${side.offset}`;
}
