import { displayWidth, truncate } from './text.js';

/** What a piece of text means; `ansi.ts` knows the colours. A style never carries a meaning that the text does not. */
export type Style = 'plain' | 'dim' | 'strong' | 'good' | 'warn' | 'bad' | 'accent';

export interface Segment {
  readonly text: string;
  readonly style: Style;
}

/** One terminal line. Its text is clean (see `cleanLine`) and holds no line feed. */
export type Line = readonly Segment[];

export const emptyLine: Line = [];

export function seg(text: string, style: Style = 'plain'): Segment {
  return { text, style };
}

export function lineOf(text: string, style: Style = 'plain'): Line {
  return [seg(text, style)];
}

export function lineText(line: Line): string {
  return line.map((segment) => segment.text).join('');
}

export function lineWidth(line: Line): number {
  return line.reduce((width, segment) => width + displayWidth(segment.text), 0);
}

/** Cuts a line to at most `width` columns; the segment in which the limit lies ends in `ellipsis`. */
export function fitLine(line: Line, width: number, ellipsis = '…'): Line {
  if (lineWidth(line) <= width) return line;
  const kept: Segment[] = [];
  let room = width;
  for (const [index, segment] of line.entries()) {
    const rest = lineWidth(line.slice(index));
    if (rest <= room) return [...kept, ...line.slice(index)];
    const own = displayWidth(segment.text);
    const mark = displayWidth(ellipsis);
    if (own + mark <= room) {
      kept.push(segment);
      room -= own;
      continue;
    }
    kept.push(seg(truncate(`${segment.text}${' '.repeat(room)}`, room, ellipsis), segment.style));
    break;
  }
  return kept;
}

/** Fills a line with spaces up to `width` columns, so that something can stand beside it. */
export function padLine(line: Line, width: number, ellipsis = '…'): Line {
  const cut = fitLine(line, width, ellipsis);
  const gap = width - lineWidth(cut);
  return gap > 0 ? [...cut, seg(' '.repeat(gap))] : cut;
}
