import type { HotmodEvent } from '../events/events.js';
import type { Program } from './program.js';
import { eventsOf } from './program.js';

/** What the watching module has seen so far in the process it runs in. */
export interface Board {
  readonly frames: number;
  /** Versions in the last whole frame by number of the module; 0 for one that was not updated in it. */
  readonly last: readonly number[];
}

export async function readBoard(program: Program): Promise<Board | null> {
  const value = await program.read('board', 'board');
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const { frames, last } = value as { readonly frames?: unknown; readonly last?: unknown };
  if (typeof frames !== 'number' || !Array.isArray(last)) return null;
  return { frames, last: last.map(Number) };
}

export interface Message {
  readonly what: string;
  readonly words: readonly string[];
  readonly text: string;
}

/** What modules wrote about themselves and the others. */
export function messagesOf(events: readonly HotmodEvent[]): readonly Message[] {
  return eventsOf(events, 'host:output').flatMap(({ text }) => {
    if (!text.startsWith('CHAOS ')) return [];
    const [, what = '', ...words] = text.split(' ');
    return [{ what, words, text: text.slice('CHAOS '.length) }];
  });
}
