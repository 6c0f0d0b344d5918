import { useWindowSize } from 'ink';
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from 'react';
import type { UiActions } from '../view/actions.js';
import { watchedModule } from '../view/controls.js';
import { glyphsFor } from '../view/glyphs.js';
import { screenLines } from '../view/screen/screen.js';
import { History } from './history.js';
import { ScreenText } from './screen-text.js';
import type { ViewStore } from './store.js';
import { useKeys } from './use-keys.js';

interface Props {
  readonly store: ViewStore;
  readonly actions: UiActions;
  readonly color: boolean;
  readonly unicode: boolean;
  /** True for the last drawing: history stays on the terminal, the live screen goes. */
  readonly closing: boolean;
}

/** History above, the live screen below. All that is decided about lines is decided in src/view. */
export function App({ store, actions, color, unicode, closing }: Props): ReactNode {
  const state = useSyncExternalStore(store.subscribe, store.snapshot);
  const { columns, rows } = useWindowSize();
  const controls = useKeys(store, actions);
  const tallest = useRef({ columns, rows, lines: 0 });
  const glyphs = glyphsFor(unicode);
  const canOpenLog = actions.openLog !== undefined;

  const watched = closing ? null : watchedModule(state, controls);
  useEffect(() => {
    if (watched === null) return;
    actions.watchState(watched);
    return () => actions.watchState(null);
  }, [watched, actions]);

  if (tallest.current.columns !== columns || tallest.current.rows !== rows)
    tallest.current = { columns, rows, lines: 0 };
  const lines = screenLines(state, controls, { columns, rows, atLeast: tallest.current.lines, glyphs, canOpenLog });
  tallest.current = { columns, rows, lines: Math.max(tallest.current.lines, lines.length) };

  return (
    <>
      <History state={state} columns={columns} color={color} glyphs={glyphs} />
      {closing ? null : <ScreenText lines={lines} columns={columns} color={color} />}
    </>
  );
}
