/** One step of a path; `at` is where it stands in the text. */
export type Step =
  | { readonly at: number; readonly field: string }
  | { readonly at: number; readonly index: number }
  | { readonly at: number; readonly follow: true };

/** A path that leads nowhere. The message is a sentence with what would have been possible. */
export class PathError extends Error {
  override readonly name = 'PathError';
  /** Where in the text of the path, counted from 0. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/**
 * The steps that follow the name of a variable: `.field`, `[3]`, `->field`, and `->` alone for all that a pointer leads to.
 *
 * @param from where the name ends.
 * @throws PathError where something else stands.
 */
export function parsePath(path: string, from: number): readonly Step[] {
  const steps: Step[] = [];
  const pattern = /\.([A-Za-z_$][\w$]*)|\[\s*(\d+)\s*\]|->([A-Za-z_$][\w$]*)|->/y;
  pattern.lastIndex = from;
  while (pattern.lastIndex < path.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(path);
    if (match === null) throw unreadable(path, at);
    const [, field, index, behind] = match;
    if (field !== undefined) steps.push({ at, field });
    else if (index === undefined)
      steps.push({ at, follow: true }, ...(behind === undefined ? [] : [{ at, field: behind }]));
    else if (Number.isSafeInteger(Number(index))) steps.push({ at, index: Number(index) });
    else throw new PathError(`"${path}" has an index that no array can have: ${index}.`, at);
  }
  return steps;
}

function unreadable(path: string, at: number): PathError {
  const isNegative = /^\[\s*-/.test(path.slice(at));
  const why = isNegative ? 'an index is not negative' : 'after a variable come .field, [number] or ->field';
  return new PathError(`"${path}" cannot be read from "${path.slice(at)}" on: ${why}.`, at);
}
