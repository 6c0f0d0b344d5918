import type { Bus } from '../events/bus.js';
import { ndjson } from '../report/ndjson.js';
import { plain } from '../report/plain.js';
import type { UiActions } from '../view/actions.js';
import type { CommandIo } from './io.js';

export type ViewName = 'ink' | 'plain' | 'json';

/** An open view of the event stream. */
export interface View {
  /** Settles when the view is gone by itself: the terminal was closed. */
  readonly gone: Promise<void>;
  close(): Promise<void>;
  /** Gives the terminal back at once. */
  kill(): void;
}

/** Opens one of the views: Ink for people at a terminal, plain text for logs and editors, ndjson for programs. */
export async function openView(name: ViewName, io: CommandIo, bus: Bus, actions: UiActions | null): Promise<View> {
  if (name === 'ink' && actions !== null && isTerminal(io.stdout) && isTerminalInput(io.stdin)) {
    const { mountUi } = await import('../ui/mount.js');
    const { stdout, stdin, color } = { stdout: io.stdout, stdin: io.stdin, color: io.color };
    const ui = await mountUi({ bus, actions, stdout, stdin, color, unicode: speaksUtf8(io.env) });
    return { gone: ui.done, close: () => ui.unmount(), kill: () => void ui.unmount() };
  }
  const listener =
    name === 'json' ? ndjson(io.stdout) : plain(io.stdout, { color: io.color, unicode: speaksUtf8(io.env) });
  const off = bus.on(listener);
  return { gone: new Promise(() => {}), close: async () => off(), kill: off };
}

function isTerminal(stream: NodeJS.WritableStream): stream is NodeJS.WriteStream {
  return 'isTTY' in stream && stream.isTTY === true;
}

function isTerminalInput(stream: NodeJS.ReadableStream): stream is NodeJS.ReadStream {
  return 'isTTY' in stream && stream.isTTY === true;
}

/**
 * The first of these that is set decides what the terminal's text is (locale(7)). Where none is, as in most containers,
 * the terminal outside is a UTF-8 one all the same.
 */
export function speaksUtf8(env: CommandIo['env']): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || 'UTF-8';
  return /utf-?8/i.test(locale);
}
