import type { Place } from '../debuginfo/types.js';

/** The text of a line of a source; null where it is not to be had. */
export type SourceLine = (file: string, line: number) => string | null;

/** What `hotmod_state.h` lets a declaration say. */
export interface StateTags {
  /** The name it had before. */
  readonly was: string | null;
  readonly reset: boolean;
}

const none: StateTags = { was: null, reset: false };

/**
 * What a variable or field is marked with: from the debug information where the compiler keeps it there (clang, for C),
 * and from the line of its declaration otherwise.
 */
export function readTags(
  { tags, place }: { readonly tags: readonly string[]; readonly place: Place },
  sourceLine: SourceLine,
): StateTags {
  if (tags.length > 0) {
    const was = tags.find((tag) => tag.startsWith('hotmod:was='));
    return { was: was?.slice('hotmod:was='.length) ?? null, reset: tags.includes('hotmod:reset') };
  }
  const text = place.line === 0 ? null : sourceLine(place.file, place.line);
  if (text === null || !text.includes('HOTMOD_')) return none;
  const was = /\bHOTMOD_WAS\s*\(\s*"([^"]*)"\s*\)/.exec(text);
  return { was: was?.[1] ?? null, reset: /\bHOTMOD_RESET\b/.test(text) };
}
