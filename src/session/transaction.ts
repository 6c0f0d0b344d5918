import { unknownModule } from '../config/modules.js';
import { exitCode, HotmodError } from '../errors.js';
import type { EventOf, Level, Reason } from '../events/events.js';
import type { MetConflict } from '../reload/queue.js';
import type { JobOptions, RequestOptions } from './config-reader.js';
import { decideNow, say } from './conflicts/job-conflicts.js';
import type { Context } from './context.js';
import { prepareVerdicts } from './dry-run.js';
import { inLoadOrder } from './order.js';
import type { ModuleRecord } from './records.js';

/** What became of one module: it was switched, or not and why, or what runs is already what its source gives. */
export type TransactionOutcome = EventOf<'reload:done'> | EventOf<'module:current'>;

/** What a commit would do with one module. */
export interface PlannedModule {
  readonly module: string;
  readonly what: 'switch' | 'unchanged' | 'refused' | 'buildFailed';
  readonly level: Level;
  readonly reasons: readonly Pick<Reason, 'code' | 'message'>[];
}

/**
 * Modules that change together, when the program says so. As long as it is open, saves of its modules wait, and so do other
 * transactions that want them (serializable). Values may be inspected all the while: what is read is always committed.
 */
export interface Transaction {
  readonly modules: readonly string[];
  /**
   * Takes modules in.
   *
   * @throws HotmodError HM106 for unknown ones, HM572 where another transaction has one of them and this one was to be
   * refused then, or the two would wait for each other for ever.
   */
  add(...modules: readonly string[]): Promise<void>;
  /** What a commit would do now: builds, validates and assesses, and changes nothing. */
  dryRun(): Promise<readonly PlannedModule[]>;
  /** Builds all of them and switches them in one pause, those that do not run yet too: all or none. */
  commit(options?: RequestOptions): Promise<readonly TransactionOutcome[]>;
  /** Ends it without changing anything. What was saved meanwhile is brought up as if there had been none. */
  rollback(): void;
}

export interface TransactionOptions {
  /** What to do where another transaction has a module that is wanted. Default: wait. */
  readonly onBusy?: 'wait' | 'refuse';
}

export interface Transactions {
  /** Runs `body` in a transaction, which is committed at its end, unless it was ended before; an error ends it unchanged. */
  run(
    body: (transaction: Transaction) => Promise<void>,
    options?: TransactionOptions,
  ): Promise<readonly TransactionOutcome[]>;
  /**
   * Those of the modules that no open transaction has; the others are brought up when theirs ends. An edit of a module whose
   * transaction is being committed is a conflict.
   */
  free(modules: readonly string[], wanted: JobOptions): readonly string[];
}

interface Open {
  readonly modules: Set<string>;
  readonly ended: PromiseWithResolvers<void>;
  /** The one it waits for. */
  waitsFor: Open | null;
  isEnded: boolean;
  /** Milliseconds since the epoch. */
  commitBegan: number;
}

/** @param request requests past all transactions. */
export function createTransactions(
  context: Context,
  request: (modules: readonly string[], options: JobOptions) => void,
): Transactions {
  const owners = new Map<string, Open>();
  /** What met an edit that waits for the end of a transaction; empty for other requests, and edits from before its commit. */
  const putOff = new Map<string, readonly MetConflict[]>();

  const end = (open: Open): void => {
    if (open.isEnded) return;
    open.isEnded = true;
    for (const module of open.modules) owners.delete(module);
    const waiting = [...open.modules].filter((module) => putOff.has(module));
    const conflicts = waiting.flatMap((module) => putOff.get(module) ?? []);
    for (const module of waiting) putOff.delete(module);
    open.ended.resolve();
    request(waiting, { conflicts });
  };

  const take = async (open: Open, module: string, onBusy: TransactionOptions['onBusy']): Promise<void> => {
    if (!context.records.has(module)) throw unknownModule(module, [...context.records.keys()]);
    for (let owner = owners.get(module); owner !== undefined && owner !== open; owner = owners.get(module)) {
      if (onBusy === 'refuse' || leadsTo(owner, open)) throw busy(module, onBusy === 'refuse');
      open.waitsFor = owner;
      await owner.ended.promise;
      open.waitsFor = null;
    }
    owners.set(module, open);
    open.modules.add(module);
  };

  return {
    free(modules, { edit = false, savedAt = 0 }) {
      for (const module of modules) {
        const owner = owners.get(module);
        if (owner === undefined) continue;
        const known = putOff.get(module) ?? [];
        const met = edit && known.length === 0 && savedAt > owner.commitBegan;
        putOff.set(module, met ? [meetCommit(context, module, owner)] : known);
      }
      return modules.filter((module) => !owners.has(module));
    },
    async run(body, { onBusy = 'wait' } = {}) {
      const ended = Promise.withResolvers<void>();
      const open: Open = { modules: new Set(), ended, waitsFor: null, isEnded: false, commitBegan: Infinity };
      let outcomes: readonly TransactionOutcome[] = [];
      const transaction: Transaction = {
        get modules() {
          return [...open.modules];
        },
        async add(...modules) {
          refuseEnded(open);
          for (const module of modules) await take(open, module, onBusy);
        },
        dryRun: () => plan(context, [...open.modules]),
        async commit(options = {}) {
          refuseEnded(open);
          open.commitBegan = Date.now();
          const decided = outcomesOf(context, open.modules);
          request([...open.modules], { ...options, together: true });
          outcomes = await decided;
          end(open);
          return outcomes;
        },
        rollback: () => end(open),
      };
      try {
        await body(transaction);
        if (!open.isEnded && open.modules.size > 0) await transaction.commit();
        return outcomes;
      } finally {
        end(open);
      }
    },
  };
}

/** The program asked for all or nothing, so there is no choice: the edit follows. */
function meetCommit(context: Context, module: string, { modules }: Open): MetConflict {
  const running = [...modules];
  const what = `an edit arrived while a transaction of the program switched ${running.join(', ')}`;
  const because = 'what it began with is all it may switch, so that the edit follows';
  const decided = decideNow(context, { kind: 'editDuringTransaction', module, what, because }, false);
  say(context, module, decided);
  return { question: { kind: 'editDuringTransaction', module, running }, decided };
}

function leadsTo(from: Open, to: Open): boolean {
  for (let open: Open | null = from; open !== null; open = open.waitsFor) if (open === to) return true;
  return false;
}

/** One outcome for each module, in the order in which they come. */
function outcomesOf({ bus }: Context, modules: ReadonlySet<string>): Promise<readonly TransactionOutcome[]> {
  const found = new Map<string, TransactionOutcome>();
  if (modules.size === 0) return Promise.resolve([]);
  return new Promise((resolve) => {
    const off = bus.on((event) => {
      if (event.type !== 'reload:done' && event.type !== 'module:current') return;
      if (!modules.has(event.module)) return;
      found.set(event.module, event);
      if (found.size < modules.size) return;
      off();
      resolve([...found.values()]);
    });
  });
}

async function plan(context: Context, modules: readonly string[]): Promise<readonly PlannedModule[]> {
  const wanted = modules.flatMap((name): readonly ModuleRecord[] => {
    const record = context.records.get(name);
    return record === undefined ? [] : [record];
  });
  const changed = inLoadOrder(wanted, ({ settings }) => settings);
  const prepared = await prepareVerdicts(context, changed, { force: false });
  return changed.map(({ settings, running }, n): PlannedModule => {
    const one = prepared[n];
    const module = settings.name;
    if (one?.kind === 'ready') {
      return { module, what: 'switch', level: one.assessment.level, reasons: one.assessment.reasons };
    }
    if (one?.kind === 'stopped') {
      const what = one.outcome === 'buildFailed' ? 'buildFailed' : 'refused';
      return { module, what, level: one.level, reasons: one.reasons };
    }
    return { module, what: 'unchanged', level: running?.level ?? 'SAFE', reasons: [] };
  });
}

function refuseEnded({ isEnded }: Open): void {
  if (!isEnded) return;
  throw new HotmodError('HM573', 'The transaction has ended: it was committed or rolled back.', {
    hint: 'Begin another one with session.transaction().',
    exitCode: exitCode.usage,
  });
}

function busy(module: string, refused: boolean): HotmodError {
  const why = refused ? 'has it' : 'has it and waits for one that this transaction has';
  return new HotmodError('HM572', `${module} cannot be taken into the transaction: another one ${why}.`, {
    hint: 'Try again when that has ended, or take modules in always in the same order.',
    exitCode: exitCode.refused,
  });
}
