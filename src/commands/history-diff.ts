import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { Difference, TextPair } from '../journal/types.js';
import { type Line, lineOf, type Style } from '../view/line.js';
import { cleanLine } from '../view/text.js';

/** The difference for programs: a unified diff for each file, null where a text of it was not kept. */
export function patchOf({ generation, base, files }: Difference) {
  return {
    generation,
    base,
    files: files.map((file) => ({ path: file.path, patch: file.missing ? null : patch(file, base, generation) })),
  };
}

/** The same for people, as "git diff" writes it. */
export function differenceLines({ generation, base, files }: Difference): readonly Line[] {
  if (files.length === 0)
    return [lineOf(`Generation ${generation} was built from the same files as generation ${base}.`)];
  return files.flatMap((file) => {
    if (file.missing) return [lineOf(`${cleanLine(file.path)} changed; its text was not kept.`, 'warn')];
    const lines = patch(file, base, generation).split('\n').slice(0, -1);
    return lines.map((line) => lineOf(clean(line), styleOf(line)));
  });
}

/** GNU diffutils manual, "Detailed Description of Unified Format"; /dev/null for a file that only one of both has. */
function patch({ path, before, after }: TextPair, base: number, generation: number): string {
  const [was, is] = [before === null ? '/dev/null' : `a/${path}`, after === null ? '/dev/null' : `b/${path}`];
  return createTwoFilesPatch(was, is, before ?? '', after ?? '', `#${base}`, `#${generation}`, {
    headerOptions: FILE_HEADERS_ONLY,
  });
}

/** What would move the cursor is taken out; tabs stay, so that the text can be given to patch(1). */
function clean(line: string): string {
  return line
    .split('\t')
    .map((part) => cleanLine(part))
    .join('\t');
}

function styleOf(line: string): Style {
  if (line.startsWith('---') || line.startsWith('+++')) return 'strong';
  if (line.startsWith('@@')) return 'accent';
  if (line.startsWith('+')) return 'good';
  return line.startsWith('-') ? 'bad' : 'plain';
}
