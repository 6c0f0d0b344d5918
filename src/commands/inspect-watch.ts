import { setTimeout as delay } from 'node:timers/promises';
import type { Inspected } from '../control/protocol.js';
import { HotmodError } from '../errors.js';
import type { LiveValue } from '../events/events.js';
import { lineWriter } from '../report/writer.js';
import { changedValues } from '../session/values/changed-values.js';
import { formatValue } from '../values/format.js';
import { cleanLine, truncate } from '../view/text.js';
import { valueJson, valueLines } from './inspect-text.js';
import type { CommandIo } from './io.js';

export interface WatchOptions {
  readonly json: boolean;
  readonly stop: Promise<NodeJS.Signals>;
}

/** A look costs the session about a millisecond. */
const intervalMs = 200;

/** What is over by itself: the module is built again, its host started again, a variable brought back. */
const passing: ReadonlySet<string> = new Set(['HM438', 'HM541', 'HM550']);

/**
 * Looks again and again until the user wants it to end: on a terminal in place, elsewhere one line for each change.
 *
 * @returns the signal that ended it.
 * @throws HotmodError where the session is not there or goes away, and where the first look finds no such path.
 */
export async function watchValues(
  look: () => Promise<Inspected>,
  { json, stop }: WatchOptions,
  io: CommandIo,
): Promise<NodeJS.Signals> {
  const show = json || !io.interactive ? showChanges(io, json) : showInPlace(io);
  let hasValues = false;
  for (;;) {
    try {
      const seen = await Promise.race([look(), stop]);
      if (typeof seen === 'string') return seen;
      hasValues = true;
      show(seen.values, '');
    } catch (error) {
      if (!(error instanceof HotmodError) || !passing.has(error.code)) throw error;
      if (!hasValues && error.code !== 'HM541') throw error;
      show([], error.message);
    }
    const waiting = new AbortController();
    const timer = delay(intervalMs, null, { signal: waiting.signal }).catch(() => null);
    const signal = await Promise.race([stop, timer]);
    waiting.abort();
    if (signal !== null) return signal;
  }
}

/** Shows values, or the sentence that says why there are none now. */
type Show = (values: readonly LiveValue[], problem: string) => void;

function showChanges(io: CommandIo, json: boolean): Show {
  const writer = lineWriter(io.stdout);
  let last: readonly LiveValue[] | null = null;
  let said = '';
  return (values, problem) => {
    if (problem !== '' && problem !== said) io.stderr.write(`${cleanLine(problem)}\n`);
    said = problem;
    if (problem !== '') return;
    if (json) for (const value of newOnes(last ?? [], values)) writer.line(valueJson(value));
    else if (last === null) for (const line of valueLines(values, io.color)) writer.line(line);
    else for (const { path, value } of changedValues(last, values)) writer.line(oneLine(path, value));
    last = values;
  };
}

function oneLine(path: string, value: LiveValue['value']): string {
  const [first = '', ...others] = formatValue(path, value).map((line) => cleanLine(line).trim());
  return others.length === 0 ? first : `${first}: ${others.join(', ')}`;
}

/** Whole values, each as it was asked for, that are different or of another type now. */
function newOnes(before: readonly LiveValue[], after: readonly LiveValue[]): readonly LiveValue[] {
  const old = new Map(before.map((one) => [one.path, valueJson(one)]));
  return after.filter((one) => old.get(one.path) !== valueJson(one));
}

/** Draws over what was drawn before; never more than the terminal has lines, because what scrolled cannot be reached. */
function showInPlace(io: CommandIo): Show {
  let last: readonly LiveValue[] = [];
  let drawn = 0;
  let before = '';
  return (values, problem) => {
    if (problem === '') last = values;
    const { columns, rows } = sizeOf(io.stdout);
    const lines = valueLines(last, false).map((line) => truncate(line, columns - 1));
    if (problem !== '') lines.push(truncate(cleanLine(problem), columns - 1));
    const room = Math.max(1, rows - 1);
    const shown =
      lines.length <= room ? lines : [...lines.slice(0, room - 1), `... ${lines.length - room + 1} more lines`];
    const text = shown.join('\n');
    if (text === before) return;
    before = text;
    io.stdout.write(`${drawn > 0 ? `\u001b[${drawn}A` : ''}\r\u001b[J${text}\n`);
    drawn = shown.length;
  };
}

function sizeOf(stream: NodeJS.WritableStream): { readonly columns: number; readonly rows: number } {
  const columns = 'columns' in stream && typeof stream.columns === 'number' ? stream.columns : 80;
  const rows = 'rows' in stream && typeof stream.rows === 'number' ? stream.rows : 24;
  return { columns, rows };
}
