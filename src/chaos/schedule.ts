import { createRandom, type Random } from '../fuzz/random.js';

/** The calls of a module in which it can misbehave, by the side of the reload on which they are made. */
const oldHooks = ['prepare_reload', 'save_state', 'shutdown'] as const;
const newHooks = ['migrate_state', 'init', 'load_state', 'complete_reload'] as const;

export type Hook = (typeof oldHooks)[number] | (typeof newHooks)[number];

export const ways = ['error', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGABRT', 'overflow'] as const;

/** How a call misbehaves: it returns an error, raises a signal, or overflows its stack. */
export type Way = (typeof ways)[number];

/** One module of a schedule; its number is its place in `Schedule.modules`. */
export interface ChaosModule {
  readonly name: string;
  /** Numbers of the modules whose functions it calls; all smaller than its own. */
  readonly uses: readonly number[];
  /** How its state gets over: as variables, or by save_state and load_state. */
  readonly state: 'variables' | 'hooks';
  /** It has prepare_reload, complete_reload and rollback_reload. */
  readonly rests: boolean;
  /** Its saved bytes have to go through migrate_state at every reload. */
  readonly migrates: boolean;
  /** Its state gets a new field with the second version. */
  readonly grows: boolean;
}

/** What goes wrong during the transaction. `victim` is the number of a module of the transaction. */
export type Disturbance =
  | { readonly kind: 'none' }
  | { readonly kind: 'hook'; readonly victim: number; readonly hook: Hook; readonly way: Way }
  /** The new version crashes in its update, after this many frames that went well. */
  | { readonly kind: 'update'; readonly victim: number; readonly frames: number; readonly way: Exclude<Way, 'error'> }
  /** SIGKILL this long after the save, or as soon as an event of this type is seen. */
  | { readonly kind: 'killConductor'; readonly at: Moment }
  | { readonly kind: 'killHost'; readonly at: Moment }
  | { readonly kind: 'secondSave'; readonly at: Moment };

export type DisturbanceKind = Disturbance['kind'];

/** `validate:done` comes right before the commit, `reload:done` right after it. */
export type Moment =
  | { readonly after: 'ms'; readonly ms: number }
  | { readonly after: 'event'; readonly type: 'build:start' | 'build:done' | 'validate:done' | 'reload:done' };

export interface Schedule {
  readonly seed: number;
  readonly modules: readonly ChaosModule[];
  /** Numbers of the modules that are saved together; never empty. */
  readonly together: readonly number[];
  readonly save: Save;
  readonly disturbance: Disturbance;
}

/**
 * One save of a header that all of them include; a request for all of them after their own headers were written; or those
 * headers written in a row, as an editor that saves all or a checkout does.
 */
export type Save = 'header' | 'request' | 'files';

export interface ScheduleLimits {
  /** How many modules, beside the one that watches them. */
  readonly modules: { readonly from: number; readonly to: number };
  /** Null: any. */
  readonly kind: DisturbanceKind | null;
  readonly save: Save | null;
}

/** The schedule that a seed stands for. */
export function scheduleOf(seed: number, { modules: range, kind, save }: ScheduleLimits): Schedule {
  const random = createRandom(Math.imul(seed + 1, 0x9e3779b1));
  const count = range.from + random.below(range.to - range.from + 1);
  const numbers = Array.from({ length: count }, (_, n) => n);
  const chosen = numbers.filter(() => !random.once(4));
  const together = chosen.length === 0 ? [random.below(count)] : chosen;
  const disturbance = disturbanceOf(random, together, kind);
  const modules = numbers.map((number) => {
    const drawn = moduleOf(random, number);
    const isVictim = 'victim' in disturbance && disturbance.victim === number;
    return isVictim && disturbance.kind === 'hook' ? withHook(drawn, disturbance.hook) : drawn;
  });
  const drawn = random.pick(['header', 'files', 'request'] as const);
  // A conductor of its own process is only told by saving.
  const told = disturbance.kind === 'killConductor' && drawn === 'request' ? 'header' : drawn;
  return { seed, modules, together, disturbance, save: save ?? told };
}

function moduleOf(random: Random, number: number): ChaosModule {
  const state = random.once(2) ? 'variables' : 'hooks';
  const uses = Array.from({ length: number }, (_, n) => n).filter(() => random.once(2));
  const rests = random.once(2);
  const migrates = state === 'hooks' && random.once(2);
  return { name: `m${number}`, uses, state, rests, migrates, grows: !migrates && random.once(2) };
}

/** The same module with what it takes for this hook to be called. */
function withHook(module: ChaosModule, hook: Hook): ChaosModule {
  switch (hook) {
    case 'prepare_reload':
    case 'complete_reload':
      return { ...module, rests: true };
    case 'migrate_state':
      return { ...module, state: 'hooks', migrates: true, grows: false };
    default:
      // Where variables are carried over, neither init nor shutdown is called at a reload.
      return { ...module, state: 'hooks' };
  }
}

/** The odds of each kind: hooks are many, the rest are few. */
const kinds: readonly DisturbanceKind[] = [
  ...Array.from({ length: 9 }, () => 'hook' as const),
  ...Array.from({ length: 3 }, () => 'update' as const),
  ...Array.from({ length: 3 }, () => 'killConductor' as const),
  ...Array.from({ length: 2 }, () => 'killHost' as const),
  ...Array.from({ length: 2 }, () => 'secondSave' as const),
  'none',
];

function disturbanceOf(random: Random, together: readonly number[], wanted: DisturbanceKind | null): Disturbance {
  const kind = wanted ?? random.pick(kinds);
  const victim = random.pick(together);
  switch (kind) {
    case 'hook': {
      const hook = random.pick([...oldHooks, ...newHooks]);
      const possible = hook === 'shutdown' ? ways.filter((way) => way !== 'error') : ways;
      return { kind, victim, hook, way: random.pick(possible) };
    }
    case 'update': {
      const possible = ways.filter((way) => way !== 'error');
      return { kind, victim, frames: random.pick([0, 0, 1, 5, 40]), way: random.pick(possible) };
    }
    case 'killConductor':
    case 'killHost':
    case 'secondSave':
      return { kind, at: momentOf(random) };
    default:
      return { kind };
  }
}

function momentOf(random: Random): Moment {
  if (random.once(2)) return { after: 'ms', ms: random.below(400) };
  return { after: 'event', type: random.pick(['build:start', 'build:done', 'validate:done', 'reload:done']) };
}

export function isOldHook(hook: Hook): boolean {
  return oldHooks.some((one) => one === hook);
}

/** What a seed stands for, in a line. */
export function describeSchedule({ modules, together, save, disturbance }: Schedule): string {
  const set = together.map((number) => modules[number]?.name).join('+');
  const what = modules.map(({ name, uses, state, rests, migrates, grows }) => {
    const traits = [rests ? 'r' : '', migrates ? 'm' : '', grows ? 'g' : ''].join('');
    return `${name}:${state[0]}${traits}${uses.length > 0 ? `<${uses.join('')}` : ''}`;
  });
  return `[${what.join(' ')}] ${set} by ${save}; ${describeDisturbance(disturbance)}`;
}

function describeDisturbance(one: Disturbance): string {
  switch (one.kind) {
    case 'hook':
      return `${one.hook} of m${one.victim}: ${one.way}`;
    case 'update':
      return `update of m${one.victim} after ${one.frames} frames: ${one.way}`;
    case 'none':
      return 'nothing';
    default:
      return `${one.kind} ${one.at.after === 'ms' ? `after ${one.at.ms} ms` : `at ${one.at.type}`}`;
  }
}
