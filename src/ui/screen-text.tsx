import { Text } from 'ink';
import type { ReactNode } from 'react';
import { paint } from '../view/ansi.js';
import type { Line } from '../view/line.js';

/**
 * Lines of the screen, as one text and not as one component each: the live screen is drawn again twice a second at
 * least, and Ink's cost goes by the number of its nodes. Colours are escape sequences of our own and not Ink's `color`
 * properties, because those go by the environment as chalk found it at start, and only the option may decide.
 * `truncate` cuts each line by itself; it matters in the moment after a terminal became narrower.
 */
export function ScreenText({ lines, color }: { readonly lines: readonly Line[]; readonly color: boolean }): ReactNode {
  // Ink gives a text without characters no row at all.
  return <Text wrap="truncate">{lines.map((line) => paint(line, color)).join('\n') || ' '}</Text>;
}
