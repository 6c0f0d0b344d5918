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
  /** Only modules whose names hold this text are shown; null where there is no filter. */
  readonly filter: Filter | null;
}

export interface Filter {
  readonly text: string;
  /** Keys still go into the text. */
  readonly typing: boolean;
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
  filter: null,
};

/** Keys that move the choice while a filter is typed, too. */
const movingKeys: ReadonlySet<string> = new Set([
  'tab',
  'shift+tab',
  'up',
  'down',
  'pageup',
  'pagedown',
  'home',
  'end',
]);
const pageRows = 10;
const longestFilter = 64;

/** What a key press changes on the screen and what it asks of the session. Unknown keys change nothing. */
export function press(key: string, state: ViewState, controls: Controls, canOpenLog: boolean): Pressed {
  if (key === 'ctrl+c') {
    return { controls: { ...controls, quitting: true }, request: { type: controls.quitting ? 'forceQuit' : 'quit' } };
  }
  if (key === 'escape' && controls.filter !== null) return only(withFilter(state, controls, null));
  if (key === 'escape') return only({ ...controls, help: false, fullError: false });
  if (controls.filter?.typing === true && !movingKeys.has(key)) return only(typeFilter(key, state, controls));
  const binding = bindingOf(key, keyContext(state, controls, canOpenLog));
  return binding === undefined ? only(controls) : run(binding.command, state, controls);
}

/** The modules that the filter shows, in their order. */
export function visibleModules({ modules }: ViewState, { filter }: Controls): readonly ModuleState[] {
  const text = filter?.text.toLowerCase() ?? '';
  return text === '' ? modules : modules.filter(({ name }) => name.toLowerCase().includes(text));
}

/**
 * The chosen module: the user's own choice, until another module changes or fails after it. Where a filter hides that one,
 * the choice of the user stays.
 */
export function selectedModule(state: ViewState, controls: Controls): ModuleState | undefined {
  const visible = visibleModules(state, controls);
  const byName = (name: string | undefined): ModuleState | undefined => visible.find((module) => module.name === name);
  const chosen = controls.chosen?.focusCount === state.focusCount ? byName(controls.chosen.module) : undefined;
  return chosen ?? byName(state.focus) ?? byName(controls.chosen?.module) ?? visible[0];
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
    moduleCount: visibleModules(state, controls).length,
    filtered: controls.filter !== null,
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
    case 'pageDown':
      return only(moveTo(state, controls, (at) => at + pageRows));
    case 'pageUp':
      return only(moveTo(state, controls, (at) => at - pageRows));
    case 'first':
      return only(moveTo(state, controls, () => 0));
    case 'last':
      return only(moveTo(state, controls, () => Number.POSITIVE_INFINITY));
    case 'filter':
      return only({ ...controls, help: false, filter: { text: controls.filter?.text ?? '', typing: true } });
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

/** Step by step it goes round. */
function choose(state: ViewState, controls: Controls, by: number): Controls {
  const count = visibleModules(state, controls).length;
  return moveTo(state, controls, (at) => (at + by + count) % count);
}

function moveTo(state: ViewState, controls: Controls, where: (current: number) => number): Controls {
  const visible = visibleModules(state, controls);
  const selected = selectedModule(state, controls);
  const current = selected === undefined ? -1 : visible.indexOf(selected);
  const module = visible[Math.min(Math.max(0, where(current)), visible.length - 1)]?.name;
  return module === undefined ? controls : { ...controls, chosen: { module, focusCount: state.focusCount } };
}

/** What is chosen stays chosen where the filter shows it. */
function withFilter(state: ViewState, controls: Controls, filter: Filter | null): Controls {
  const module = selectedModule(state, controls)?.name;
  const chosen = module === undefined ? controls.chosen : { module, focusCount: state.focusCount };
  return { ...controls, filter, chosen };
}

function typeFilter(key: string, state: ViewState, controls: Controls): Controls {
  const text = controls.filter?.text ?? '';
  if (key === 'enter') return { ...controls, filter: text === '' ? null : { text, typing: false } };
  if (key === 'backspace') return withFilter(state, controls, { text: text.slice(0, -1), typing: true });
  if ([...key].length > 1) return controls;
  return withFilter(state, controls, { text: `${text}${key}`.slice(0, longestFilter), typing: true });
}

function only(controls: Controls): Pressed {
  return { controls, request: null };
}
