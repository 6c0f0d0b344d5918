import type { LiveValue } from '../events/events.js';
import { formatValue } from '../values/format.js';
import { paintText } from '../view/ansi.js';
import { cleanLine } from '../view/text.js';

/** Exactly `{path, type, value}`: what `inspect --json` promises. */
export function valueJson({ path, type, value }: LiveValue): string {
  return JSON.stringify({ path, type, value });
}

/** `count = 5  (int)`; what does not fit on one line stands below it, indented. */
export function valueLines(values: readonly LiveValue[], color: boolean): readonly string[] {
  return values.flatMap(({ path, type, value }) => {
    const [first = '', ...others] = formatValue(path, value).map((line) => cleanLine(line));
    return [`${first}  ${paintText(`(${cleanLine(type)})`, 'dim', color)}`, ...others];
  });
}
