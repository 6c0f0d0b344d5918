import { render } from 'ink';
import { App } from './app.js';
import type { Ui, UiOptions } from './options.js';
import { createStore } from './store.js';

/**
 * Shows the session on the terminal until `unmount`. It follows the bus from now on, so it is mounted before the
 * session starts.
 */
export function openScreen(options: UiOptions): Ui {
  const { bus, actions, stdout, stdin, color, unicode } = options;
  const store = createStore(bus);
  const app = (closing: boolean) => (
    <App store={store} actions={actions} color={color} unicode={unicode} closing={closing} />
  );
  const ink = render(app(false), {
    stdout,
    stdin,
    exitOnCtrlC: false,
    patchConsole: true,
    maxFps: 20,
    incrementalRendering: true,
    interactive: true,
  });
  const done = settled(ink.waitUntilExit()).finally(() => store[Symbol.dispose]());

  let unmounting: Promise<void> | null = null;
  const unmount = async (): Promise<void> => {
    store.flush();
    ink.rerender(app(true));
    await settled(ink.waitUntilRenderFlush());
    ink.unmount();
    await done;
  };
  return {
    done,
    unmount() {
      unmounting ??= unmount();
      return unmounting;
    },
  };
}

/** A terminal that went away is no error of the session; it ends for its own reasons. */
async function settled(promise: Promise<unknown>): Promise<void> {
  try {
    await promise;
  } catch {
    // Nothing can be shown any more, so there is nothing to do either.
  }
}
