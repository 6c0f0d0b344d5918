/** What a key can do. The views share these names; `controls.ts` says what each does. */
export type Command =
  | 'reload'
  | 'rebuild'
  | 'pause'
  | 'step'
  | 'next'
  | 'previous'
  | 'pageDown'
  | 'pageUp'
  | 'first'
  | 'last'
  | 'filter'
  | 'error'
  | 'state'
  | 'log'
  | 'openLog'
  | 'undo'
  | 'accept'
  | 'help'
  | 'quit';

/** What the conditions of keys may look at. */
export interface KeyContext {
  readonly hasModule: boolean;
  /** Modules that the filter shows. */
  readonly moduleCount: number;
  readonly filtered: boolean;
  readonly generation: number;
  /** Modules that `undo` takes back together. */
  readonly undoes: number;
  /** A new version waits for the user's word. */
  readonly asks: boolean;
  readonly paused: boolean;
  /** Compile errors, or the calls of a crash. */
  readonly hasMore: boolean;
  readonly hasOutput: boolean;
  readonly canOpenLog: boolean;
}

export interface KeyBinding {
  readonly command: Command;
  /** Names of keys that do it: a character, or `tab`, `shift+tab`, `up`, `down`, `pageup`, `pagedown`, `home`, `end`. */
  readonly keys: readonly string[];
  /** How the footer writes the key, and in one word what it does. */
  readonly shown: string;
  readonly label: (context: KeyContext) => string;
  readonly help: string;
  /** Outside its condition a key does nothing and is not offered. */
  readonly when: (context: KeyContext) => boolean;
  /** Footers too narrow for all drop the highest numbers first. */
  readonly rank: number;
}

const always = (): boolean => true;
const withModule = (context: KeyContext): boolean => context.hasModule;

/** From here on a table hardly fits a terminal. */
export const manyModules = 20;

/** The one table of keys: input, footer and help screen all come from it. */
export const keyTable: readonly KeyBinding[] = [
  {
    command: 'reload',
    keys: ['r'],
    shown: 'r',
    label: () => 'reload',
    help: 'build what changed in the chosen module and reload it',
    when: withModule,
    rank: 3,
  },
  {
    command: 'rebuild',
    keys: ['b'],
    shown: 'b',
    label: () => 'rebuild',
    help: 'compile the chosen module anew, without the cache, and reload it',
    when: withModule,
    rank: 6,
  },
  {
    command: 'undo',
    keys: ['u'],
    shown: 'u',
    label: ({ undoes }) => (undoes > 1 ? `undo ${undoes}` : 'undo'),
    help: 'go back to the generation before, together with what was reloaded in one transaction with it',
    when: (context) => context.hasModule && context.generation > 1,
    rank: 5,
  },
  {
    command: 'accept',
    keys: ['y'],
    shown: 'y',
    label: () => 'take it',
    help: 'take the new version that a conflict asks about',
    when: (context) => context.asks,
    rank: 1,
  },
  {
    command: 'pause',
    keys: ['p', ' '],
    shown: 'p',
    label: (context) => (context.paused ? 'resume' : 'pause'),
    help: 'stop the frame loop, or let it run again',
    when: always,
    rank: 4,
  },
  {
    command: 'step',
    keys: ['n'],
    shown: 'n',
    label: () => 'step',
    help: 'run a single frame while paused',
    when: (context) => context.paused,
    rank: 4,
  },
  {
    command: 'next',
    keys: ['tab', 'j', 'down'],
    shown: 'tab',
    label: () => 'module',
    help: 'choose the next module (also j and the down arrow)',
    when: (context) => context.moduleCount > 1,
    rank: 7,
  },
  {
    command: 'previous',
    keys: ['shift+tab', 'k', 'up'],
    shown: 'k',
    label: () => 'back',
    help: 'choose the module before (also shift+tab and the up arrow)',
    when: (context) => context.moduleCount > 1,
    rank: 11,
  },
  {
    command: 'filter',
    keys: ['/'],
    shown: '/',
    label: () => 'filter',
    help: 'show only modules whose name holds what is typed (Enter keeps it, Esc shows all again)',
    when: (context) => context.moduleCount > 1 || context.filtered,
    rank: 11,
  },
  {
    command: 'pageDown',
    keys: ['pagedown'],
    shown: 'PgDn',
    label: () => 'on',
    help: 'ten modules on',
    when: (context) => context.moduleCount > 1,
    rank: 12,
  },
  {
    command: 'pageUp',
    keys: ['pageup'],
    shown: 'PgUp',
    label: () => 'back',
    help: 'ten modules back',
    when: (context) => context.moduleCount > 1,
    rank: 12,
  },
  {
    command: 'first',
    keys: ['home'],
    shown: 'Home',
    label: () => 'first',
    help: 'choose the first module',
    when: (context) => context.moduleCount > 1,
    rank: 12,
  },
  {
    command: 'last',
    keys: ['end'],
    shown: 'End',
    label: () => 'last',
    help: 'choose the last module',
    when: (context) => context.moduleCount > 1,
    rank: 12,
  },
  {
    command: 'error',
    keys: ['e'],
    shown: 'e',
    label: () => 'error',
    help: 'show all compile errors and calls of a crash of the chosen module, or only the first again',
    when: (context) => context.hasMore,
    rank: 2,
  },
  {
    command: 'state',
    keys: ['s'],
    shown: 's',
    label: () => 'state',
    help: 'show or hide the live values of the chosen module',
    when: withModule,
    rank: 8,
  },
  {
    command: 'log',
    keys: ['l'],
    shown: 'l',
    label: () => 'log',
    help: 'show more or less of what the modules print',
    when: always,
    rank: 9,
  },
  {
    command: 'openLog',
    keys: ['L'],
    shown: 'L',
    label: () => 'log file',
    help: 'open the log file',
    when: (context) => context.canOpenLog,
    rank: 10,
  },
  {
    command: 'help',
    keys: ['h', '?'],
    shown: 'h',
    label: () => 'help',
    help: 'show or hide this list',
    when: always,
    rank: 1,
  },
  {
    command: 'quit',
    keys: ['q'],
    shown: 'q',
    label: () => 'quit',
    help: 'end cleanly (also Ctrl+C; a second Ctrl+C ends at once)',
    when: always,
    rank: 0,
  },
];

/** The binding of a key name in this situation; undefined where the key does nothing now. */
export function bindingOf(key: string, context: KeyContext): KeyBinding | undefined {
  return keyTable.find((binding) => binding.keys.includes(key) && binding.when(context));
}
