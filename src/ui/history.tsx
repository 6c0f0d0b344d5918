import { Static } from 'ink';
import { type ReactNode, useRef } from 'react';
import type { Glyphs } from '../view/glyphs.js';
import { historyLine } from '../view/history.js';
import type { HistoryEntry, ViewState } from '../view/state.js';
import { ScreenText } from './screen-text.js';

/** Entries one <Static> holds before a fresh one takes over. */
const batchSize = 500;

interface Props {
  readonly state: ViewState;
  readonly columns: number;
  readonly color: boolean;
  readonly glyphs: Glyphs;
}

/**
 * Finished generations, written once each into the terminal's own scrollback. <Static> wants a list that only grows;
 * a session of many thousand reloads must not, so after `batchSize` entries a new <Static> starts with an empty list.
 */
export function History({ state, columns, color, glyphs }: Props): ReactNode {
  const batch = useRef<Batch>({ key: 0, items: [], lastId: 0 });
  batch.current = extend(batch.current, state);
  return (
    <Static key={batch.current.key} items={batch.current.items}>
      {(entry) => (
        <ScreenText key={entry.id} lines={[historyLine(entry, columns, glyphs)]} columns={columns} color={color} />
      )}
    </Static>
  );
}

interface Batch {
  readonly key: number;
  readonly items: HistoryEntry[];
  readonly lastId: number;
}

function extend(batch: Batch, state: ViewState): Batch {
  const fresh = state.history.filter((entry) => entry.id > batch.lastId);
  const lastId = fresh.at(-1)?.id;
  if (lastId === undefined) return batch;
  if (batch.items.length >= batchSize) return { key: batch.key + 1, items: fresh, lastId };
  return { key: batch.key, items: [...batch.items, ...fresh], lastId };
}
