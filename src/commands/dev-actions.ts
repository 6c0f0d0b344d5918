import { messageOf } from '../errors.js';
import type { Bus } from '../events/bus.js';
import type { Session } from '../session.js';
import type { UiActions } from '../view/actions.js';

export interface DevActions extends UiActions {
  /** The module whose values are on the screen; a session that opens later starts with it. */
  readonly watched: () => string | null;
}

/**
 * What the keys of the terminal UI do. Whatever goes wrong becomes an event, because a view waits for nothing.
 *
 * @param current the session, null while it is still being opened.
 */
export function devActions(
  current: () => Session | null,
  bus: Bus,
  end: { readonly quit: () => void; readonly interrupt: () => void },
): DevActions {
  const act = (action: (session: Session) => Promise<void> | void): void => {
    const session = current();
    if (session === null) return;
    void (async () => action(session))().catch((error: unknown) => {
      bus.emit({ type: 'session:problem', code: codeOf(error), message: messageOf(error) });
    });
  };

  let watched: string | null = null;

  return {
    watched: () => watched,
    watchState(module) {
      watched = module;
      act((session) => session.watchState(module));
    },
    reload: (module) => act((session) => session.request([module], { force: true })),
    rebuild: (module) => act((session) => session.request([module], { force: true, rebuild: true })),
    pause: () => act((session) => session.pause()),
    resume: () => act((session) => session.resume()),
    step: () => act((session) => session.step(1)),
    undo: (modules) =>
      act(async (session) => void (await session.rollback(modules.map((module) => ({ module, to: null }))))),
    accept: (module) => act((session) => session.request([module], { force: true, acceptUnsafe: true })),
    quit: end.quit,
    forceQuit: end.interrupt,
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'HM599';
}
