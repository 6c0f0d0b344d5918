import type { Listener } from '../events/bus.js';
import type { HotmodEvent, Outcome } from '../events/events.js';
import { paint } from '../view/ansi.js';
import { type Glyphs, glyphsFor } from '../view/glyphs.js';
import type { Line } from '../view/line.js';
import { plainLines, summaryLine } from './plain-lines.js';
import { lineWriter, type TextStream } from './writer.js';

export interface PlainOptions {
  readonly color?: boolean;
  readonly unicode?: boolean;
  readonly onClosed?: (error: Error) => void;
}

/**
 * The view for pipes, CI logs and editors: the facts of the Ink view, one line each, never rewritten. What only makes
 * sense live (frame counter, the texts of `module_view()`, progress) is left out.
 *
 * The form is fixed, for problem matchers and background matchers of editors:
 *
 *   [hotmod] build begin <module>                       a build starts
 *   <file>:<line>:<column>: <severity>: <message>       as compilers write it, the frame below it
 *   [hotmod] build end <module> <ok|cached|failed|superseded> ...   the build is over
 *
 * Modules that build at the same time would mix their lines, so only one such block is open at a time: the lines of
 * another build wait until the block before has its end line, and then come in one piece.
 */
export function plain(stream: TextStream, options: PlainOptions = {}): Listener {
  const { color = false, unicode = true } = options;
  const writer = lineWriter(stream, options.onClosed);
  const glyphs = glyphsFor(unicode);
  const write = (line: Line): void => writer.line(paint(line, color));
  const blocks = buildBlocks(write, glyphs);
  const sumUp = summaries();
  return (event) => {
    if (blocks(event)) return;
    for (const line of plainLines(event, glyphs)) write(line);
    for (const line of sumUp(event)) write(line);
  };
}

/** From here on nobody counts the lines of the modules. */
const manyOutcomes = 20;

/** What became of many modules in one line, when nothing is left to do. */
function summaries(): (event: HotmodEvent) => readonly Line[] {
  let counts = new Map<Outcome, number>();
  let total = 0;
  return (event) => {
    if (event.type === 'reload:done') {
      counts.set(event.outcome, (counts.get(event.outcome) ?? 0) + 1);
      total += 1;
    }
    if (event.type !== 'session:idle') return [];
    const lines = total < manyOutcomes ? [] : [summaryLine(total, counts)];
    counts = new Map();
    total = 0;
    return lines;
  };
}

/** Takes the events that belong into a block and answers whether it did. */
function buildBlocks(write: (line: Line) => void, glyphs: Glyphs): (event: HotmodEvent) => boolean {
  let open: string | null = null;
  const waiting = new Map<string, { readonly lines: Line[]; ended: boolean }>();

  /** After a block: those that ended meanwhile come whole, and the next one that still runs becomes the open one. */
  const openNext = (): void => {
    open = null;
    for (const [module, block] of waiting) {
      if (!block.ended) continue;
      for (const line of block.lines) write(line);
      waiting.delete(module);
    }
    const [next] = waiting;
    if (next === undefined) return;
    const [module, block] = next;
    waiting.delete(module);
    open = module;
    for (const line of block.lines) write(line);
  };

  return (event) => {
    if (event.type === 'session:end') while (open !== null || waiting.size > 0) openNext();
    if (event.type !== 'build:start' && event.type !== 'build:diagnostic' && event.type !== 'build:done') return false;
    const lines = plainLines(event, glyphs);
    if (open === null && event.type === 'build:start') open = event.module;
    if (open === event.module || open === null) {
      for (const line of lines) write(line);
      if (event.type === 'build:done') openNext();
      return true;
    }
    const block = waiting.get(event.module) ?? { lines: [], ended: false };
    block.lines.push(...lines);
    block.ended = event.type === 'build:done';
    waiting.set(event.module, block);
    return true;
  };
}
