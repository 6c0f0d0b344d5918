/** A moment on the way from a save to the new code running. */
export interface Mark {
  /** What had just happened. */
  readonly name: string;
  /** Milliseconds on the monotonic clock (performance.now). */
  readonly at: number;
}

/** The time from each mark to the next, in the order in which they came. */
export interface Step {
  readonly name: string;
  readonly ms: number;
  /** When it began, as `Mark.at`. */
  readonly at: number;
}

/** `from -> to`: how long. A name that comes twice is numbered, so that a run can be compared with another. */
export function stepsOf(marks: readonly Mark[]): readonly Step[] {
  const times = new Map<string, number>();
  return marks.slice(1).map((mark, index) => {
    const before = marks[index] ?? mark;
    const name = `${before.name} -> ${mark.name}`;
    const count = (times.get(name) ?? 0) + 1;
    times.set(name, count);
    return { name: count === 1 ? name : `${name} (${count})`, ms: mark.at - before.at, at: before.at };
  });
}

/** The time between the first mark of one name and the last of another; 0 where one of them is missing. */
export function between(marks: readonly Mark[], from: string, to: string): number {
  const start = marks.find((mark) => mark.name === from);
  const end = marks.findLast((mark) => mark.name === to);
  return start === undefined || end === undefined ? 0 : end.at - start.at;
}
