import { bindingOf, type Command, type KeyContext } from './keys.js';
import type { ModuleState, ViewState } from './state.js';

/** What the user has set on the screen; nothing of it leaves the view. */
export interface Controls {
  /** The module the user chose, and how often the focus had moved by itself when they did. */
  readonly chosen: { readonly module: string; readonly focusCount: number } | null;
  readonly help: boolean;
  readonly fullError: boolean;
  readonly bigLog: boolean;
  /** The live values of the chosen module are shown. */
  readonly values: boolean;
  readonly quitting: boolean;
}

/** Something for the session to do; `actions.ts` has the same names. */
export type Request =
  | { readonly type: 'reload' | 'rebuild' | 'accept'; readonly module: string }
  | { readonly type: 'undo'; readonly modules: readonly string[] }
  | { readonly type: 'pause' | 'resume' | 'step' | 'quit' | 'forceQuit' | 'openLog' };

export interface Pressed {
  readonly controls: Controls;
  readonly request: Request | null;
}

export const initialControls: Controls = {
  chosen: null,
  help: false,
  fullError: false,
  bigLog: false,
  values: false,
  quitting: false,
};

/** What a key press changes on the screen and what it asks of the session. Unknown keys change nothing. */
export function press(key: string, state: ViewState, controls: Controls, canOpenLog: boolean): Pressed {
  if (key === 'ctrl+c') {
    return { controls: { ...controls, quitting: true }, request: { type: controls.quitting ? 'forceQuit' : 'quit' } };
  }
  if (key === 'escape') return only({ ...controls, help: false, fullError: false });
  const binding = bindingOf(key, keyContext(state, controls, canOpenLog));
  return binding === undefined ? only(controls) : run(binding.command, state, controls);
}

/** The chosen module: the user's own choice, until another module changes or fails after it. */
export function selectedModule(state: ViewState, controls: Controls): ModuleState | undefined {
  const byName = (name: string): ModuleState | undefined => state.modules.find((module) => module.name === name);
  const chosen = controls.chosen?.focusCount === state.focusCount ? byName(controls.chosen.module) : undefined;
  return chosen ?? byName(state.focus) ?? state.modules[0];
}

/** The module whose live values the screen has a use for; null where the panel is closed or covered by the help. */
export function watchedModule(state: ViewState, controls: Controls): string | null {
  if (!controls.values || controls.help || controls.quitting) return null;
  return selectedModule(state, controls)?.name ?? null;
}

export function keyContext(state: ViewState, controls: Controls, canOpenLog: boolean): KeyContext {
  const module = selectedModule(state, controls);
  return {
    hasModule: module !== undefined,
    moduleCount: state.modules.length,
    generation: module?.generation ?? 0,
    undoes: module === undefined ? 0 : undoneWith(state, module).length,
    asks: module !== undefined && asks(module),
    paused: state.stats?.paused ?? false,
    hasMore:
      module !== undefined && (module.diagnostics.some((one) => one.severity === 'error') || module.crash !== null),
    hasOutput: state.log.length > 0,
    canOpenLog,
  };
}

function run(command: Command, state: ViewState, controls: Controls): Pressed {
  const module = selectedModule(state, controls)?.name ?? '';
  switch (command) {
    case 'reload':
    case 'rebuild':
    case 'accept':
      return { controls, request: { type: command, module } };
    case 'undo': {
      const selected = selectedModule(state, controls);
      return {
        controls,
        request: { type: command, modules: selected === undefined ? [] : undoneWith(state, selected) },
      };
    }
    case 'pause':
      return { controls, request: { type: state.stats?.paused === true ? 'resume' : 'pause' } };
    case 'step':
    case 'openLog':
      return { controls, request: { type: command } };
    case 'next':
      return only(choose(state, controls, 1));
    case 'previous':
      return only(choose(state, controls, -1));
    case 'error':
      return only({ ...controls, fullError: !controls.fullError, help: false });
    case 'state':
      return only({ ...controls, values: !controls.values, help: false });
    case 'log':
      return only({ ...controls, bigLog: !controls.bigLog, help: false });
    case 'help':
      return only({ ...controls, help: !controls.help });
    case 'quit':
      return controls.quitting
        ? only(controls)
        : { controls: { ...controls, quitting: true }, request: { type: 'quit' } };
  }
}

/** The module, and those that still run what came in one transaction with what it runs. */
function undoneWith({ modules }: ViewState, { name, transaction }: ModuleState): readonly string[] {
  const others = modules.filter((one) => one.name !== name && transaction !== '' && one.transaction === transaction);
  return [name, ...others.map((one) => one.name)];
}

/** Only a conflict stands against the new version, and only the user's word is missing. */
function asks({ stage, outcome, conflicts, reasons }: ModuleState): boolean {
  if (stage !== 'failed' || outcome !== 'refused') return false;
  const open = new Set(
    conflicts.filter((one) => one.strategy === 'ask' && one.decidedBy !== 'user').map((one) => one.code),
  );
  const against = reasons.filter(({ level }) => level === 'UNSAFE' || level === 'BLOCKED');
  return against.length > 0 && against.every(({ code, level }) => level === 'UNSAFE' && open.has(code));
}

function choose(state: ViewState, controls: Controls, by: number): Controls {
  const count = state.modules.length;
  const selected = selectedModule(state, controls);
  const current = selected === undefined ? -1 : state.modules.indexOf(selected);
  const module = state.modules[(current + by + count) % count]?.name ?? '';
  return { ...controls, chosen: { module, focusCount: state.focusCount } };
}

function only(controls: Controls): Pressed {
  return { controls, request: null };
}
