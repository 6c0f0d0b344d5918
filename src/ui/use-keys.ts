import { type Key, useInput, useStdin } from 'ink';
import { useRef, useState } from 'react';
import type { UiActions } from '../view/actions.js';
import { type Controls, initialControls, press, type Request } from '../view/controls.js';
import type { ViewStore } from './store.js';

/** Listens to the keyboard where there is one and hands back what the user has set on the screen. */
export function useKeys(store: ViewStore, actions: UiActions): Controls {
  const [controls, setControls] = useState(initialControls);
  // Two keys can arrive before the next drawing; the second must see what the first did.
  const latest = useRef(controls);
  const { isRawModeSupported } = useStdin();
  useInput(
    (input, key) => {
      store.wake();
      for (const name of keyNames(input, key)) {
        const pressed = press(name, store.snapshot(), latest.current, actions.openLog !== undefined);
        latest.current = pressed.controls;
        if (pressed.request !== null) perform(pressed.request, actions);
      }
      setControls(latest.current);
    },
    { isActive: Boolean(isRawModeSupported) },
  );
  return controls;
}

/** The names the key table uses. Keys typed quickly can come in one piece, one character each. */
function keyNames(input: string, key: Key): readonly string[] {
  if (key.ctrl) return input === 'c' ? ['ctrl+c'] : [];
  if (key.tab) return [key.shift ? 'shift+tab' : 'tab'];
  if (key.upArrow) return ['up'];
  if (key.downArrow) return ['down'];
  if (key.escape) return ['escape'];
  if (key.pageUp) return ['pageup'];
  if (key.pageDown) return ['pagedown'];
  if (key.home) return ['home'];
  if (key.end) return ['end'];
  if (key.return) return ['enter'];
  if (key.backspace || key.delete) return ['backspace'];
  if (key.meta) return [];
  return [...input].map((character) => (character === '\u0003' ? 'ctrl+c' : character));
}

function perform(request: Request, actions: UiActions): void {
  switch (request.type) {
    case 'reload':
    case 'rebuild':
    case 'accept':
      actions[request.type](request.module);
      break;
    case 'undo':
      actions.undo(request.modules);
      break;
    case 'openLog':
      actions.openLog?.();
      break;
    default:
      actions[request.type]();
  }
}
