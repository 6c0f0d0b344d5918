import { Static } from 'ink';
import { type ReactNode, useRef } from 'react';
import type { Glyphs } from '../view/glyphs.js';
import { type HistoryItem, historyItemLine, historySince } from '../view/history.js';
import type { ViewState } from '../view/state.js';
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
      {(item) => (
        <ScreenText
          key={'summary' in item ? `summary ${item.id}` : item.id}
          lines={[historyItemLine(item, columns, glyphs)]}
          columns={columns}
          color={color}
        />
      )}
    </Static>
  );
}

interface Batch {
  readonly key: number;
  readonly items: HistoryItem[];
  readonly lastId: number;
}

function extend(batch: Batch, state: ViewState): Batch {
  const lastId = state.history.at(-1)?.id ?? 0;
  if (lastId <= batch.lastId) return batch;
  const fresh = [...historySince(state, batch.lastId)];
  if (batch.items.length >= batchSize) return { key: batch.key + 1, items: fresh, lastId };
  return { key: batch.key, items: [...batch.items, ...fresh], lastId };
}
