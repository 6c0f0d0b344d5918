import { Text, Transform, useIsScreenReaderEnabled, useStdout } from 'ink';
import type { ReactNode } from 'react';
import { paint } from '../view/ansi.js';
import { fitLine, type Line } from '../view/line.js';

interface Props {
  readonly lines: readonly Line[];
  /** The width the lines were made for. */
  readonly columns: number;
  readonly color: boolean;
}

/**
 * Lines of the screen. Ink lays out a text of as many lines, one dot each, and takes the real ones when it writes: it
 * measures and splits every character of a text that it lays out, in every drawing, which is half of what a drawing
 * costs, and these lines have their width already. Only in the moment after a terminal became narrower they do not
 * fit, and are cut then. Colours are escape sequences of our own and not Ink's `color` properties, because those go by
 * the environment as chalk found it at start, and only the option may decide.
 */
export function ScreenText({ lines, columns, color }: Props): ReactNode {
  const { stdout } = useStdout();
  const isSpoken = useIsScreenReaderEnabled();
  const text = (line: Line): string => {
    const width = 'columns' in stdout && typeof stdout.columns === 'number' ? stdout.columns : columns;
    return paint(width < columns ? fitLine(line, width) : line, color);
  };
  if (isSpoken) return <Text>{lines.map(text).join('\n')}</Text>;
  return (
    <Transform transform={(_dot, index) => text(lines[index] ?? [])}>
      <Text>{Array.from(lines, () => '.').join('\n')}</Text>
    </Transform>
  );
}
