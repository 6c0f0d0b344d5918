import type { ConflictQuestion } from '../config/resolved.js';
import type { DecidedConflict } from '../events/events.js';

/** Why modules are to be brought up to date, and since when. */
export interface Job {
  readonly modules: ReadonlySet<string>;
  /** When the newest save that led here was written, milliseconds since the epoch. */
  readonly savedAt: number;
  /** Reload even where nothing changed. */
  readonly force: boolean;
  /** Accept an UNSAFE verdict. */
  readonly acceptUnsafe: boolean;
  /** Run the compiler even where the cache has the answer. */
  readonly rebuild: boolean;
  /** All of its modules are switched together or none, those that do not run yet too. */
  readonly together: boolean;
  /** It is a save that the session has not seen before, and not a second attempt at one. */
  readonly edit: boolean;
  /** When the first attempt at it began, milliseconds since the epoch; 0 where this is the first. */
  readonly since: number;
  /** Conflicts that were decided by now. */
  readonly conflicts: readonly MetConflict[];
}

export interface MetConflict {
  readonly question: ConflictQuestion;
  readonly decided: DecidedConflict;
}

/** What is said to an edit that meets a job that it could take the place of. */
export interface MetEdit {
  /** The job is to run to its end, and the edit follows. */
  readonly finishFirst: boolean;
  readonly conflicts: readonly MetConflict[];
}

/** A job as it runs. Up to `commit` it may be aborted by a newer one; from then on it runs to its end. */
export interface RunningJob extends Job {
  readonly signal: AbortSignal;
  /**
   * Asks for the right to change the running program. False: a newer request has come, stop here and return.
   * True: the job can no longer be superseded, and is the only one that commits.
   */
  commit(): Promise<boolean>;
}

export interface JobQueue {
  request(job: Job): void;
  /** Settles when nothing runs and nothing waits. */
  idle(): Promise<void>;
  readonly busy: boolean;
  /** Aborts what can be aborted, waits for the rest, takes nothing more. */
  close(): Promise<void>;
}

/** Waits for the right to change the running program and hands back its release, which may be called twice. */
export type Turn = () => Promise<() => void>;

/** One at a time, in the order asked. */
export function createTurn(): Turn {
  let last: Promise<void> = Promise.resolve();
  return async () => {
    const before = last;
    const mine = Promise.withResolvers<void>();
    last = mine.promise;
    await before;
    return mine.resolve;
  };
}

/** Files that were written within this time of each other are one save: of an editor that saves all, of a checkout. */
const oneSaveMs = 100;

/** A build that comes from the cache is ready before the watcher has told of the other files of the same save. */
const shortestJobMs = 25;

interface Active {
  job: Job;
  readonly since: number;
  readonly controller: AbortController;
  committing: boolean;
  superseded: boolean;
  /** An edit met it that was to follow and not to take its place. */
  finishes: boolean;
}

/**
 * Newest wins, none is lost. A request that shares modules with a job under way, or is of the same save, aborts it and
 * takes its modules over, unless it is an edit and `meet` has the job finish first; one that shares modules with a job that is already changing the program waits for it; any
 * other runs beside it. Commits take turns, with each other and with whoever else asks for the same `turn`.
 */
export function createQueue(
  run: (job: RunningJob) => Promise<void>,
  onIdle: () => void,
  turn: Turn,
  meet: (edit: Job, underWay: Job) => MetEdit,
): JobQueue {
  const active = new Set<Active>();
  let waiting: Job[] = [];
  let closed = false;
  let idleWaiters: (() => void)[] = [];

  const start = (job: Job): void => {
    const since = job.since === 0 ? performance.timeOrigin + performance.now() : job.since;
    const controller = new AbortController();
    const entry: Active = { job, since, controller, committing: false, superseded: false, finishes: false };
    active.add(entry);
    let endTurn: () => void = () => {};
    const companions = job.savedAt > 0 ? new Promise((resolve) => setTimeout(resolve, shortestJobMs)) : null;

    const commit = async (): Promise<boolean> => {
      if (entry.superseded) return false;
      if (companions !== null) await companions;
      if (entry.superseded) return false;
      endTurn = await turn();
      if (entry.superseded) return false;
      entry.committing = true;
      return true;
    };

    void run({ ...job, since, signal: controller.signal, commit }).finally(() => {
      endTurn();
      active.delete(entry);
      settle();
    });
  };

  /** Starts what waits and is free to run; tells of idleness when nothing is left. */
  const settle = (): void => {
    const next = waiting;
    waiting = [];
    for (const job of next) admit({ ...job, edit: false });
    if (active.size > 0 || waiting.length > 0) return;
    onIdle();
    const waiters = idleWaiters;
    idleWaiters = [];
    for (const resolve of waiters) resolve();
  };

  /** Asks of each job that an edit could take the place of whether it should. */
  const withMetEdits = (job: Job): Job => {
    if (!job.edit) return job;
    const conflicts = [...job.conflicts];
    for (const entry of active) {
      const met = !entry.committing && !entry.superseded && !disjoint(entry.job.modules, job.modules);
      if (!met || ofOneSave(entry.job, job)) continue;
      const said = meet(job, entry.job);
      if (said.finishFirst) entry.finishes = true;
      conflicts.push(...said.conflicts);
    }
    return { ...job, conflicts };
  };

  const admit = (job: Job): void => {
    if (closed) return;
    let merged = withMetEdits(job);
    // What is taken over may overlap with something else in turn, so look until nothing more is taken over.
    for (let size = -1; size !== merged.modules.size; ) {
      size = merged.modules.size;
      for (const entry of active) {
        if (entry.committing || entry.superseded || entry.finishes || !belongTogether(entry.job, merged)) continue;
        entry.superseded = true;
        entry.controller.abort();
        // Without another text it is the same build, begun once more.
        merged = merge(merged, { ...entry.job, edit: false, since: entry.since });
      }
      for (const other of waiting.filter((one) => belongTogether(one, merged))) {
        waiting = waiting.filter((one) => one !== other);
        merged = merge(merged, other);
      }
    }
    // A superseded job still has to come to its end, or two builds of one module would run at once.
    if (overlapping(active, merged).length > 0) waiting.push(merged);
    else start(merged);
  };

  return {
    request: admit,
    get busy() {
      return active.size > 0 || waiting.length > 0;
    },
    idle: () =>
      active.size === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            idleWaiters.push(resolve);
          }),
    async close() {
      closed = true;
      waiting = [];
      for (const entry of active) {
        entry.superseded = true;
        entry.controller.abort();
      }
      if (active.size > 0) await new Promise<void>((resolve) => idleWaiters.push(resolve));
    },
  };
}

function merge(a: Job, b: Job): Job {
  return {
    modules: new Set([...a.modules, ...b.modules]),
    savedAt: Math.max(a.savedAt, b.savedAt),
    force: a.force || b.force,
    acceptUnsafe: a.acceptUnsafe && b.acceptUnsafe,
    rebuild: a.rebuild || b.rebuild,
    together: a.together || b.together,
    edit: a.edit || b.edit,
    // The build of another text begins anew.
    since: a.edit || b.edit ? 0 : Math.min(a.since, b.since) || Math.max(a.since, b.since),
    conflicts: [...b.conflicts, ...a.conflicts],
  };
}

function overlapping(active: ReadonlySet<Active>, job: Job): readonly Active[] {
  return [...active].filter((entry) => !disjoint(entry.job.modules, job.modules));
}

function belongTogether(a: Job, b: Job): boolean {
  return ofOneSave(a, b) || !disjoint(a.modules, b.modules);
}

function ofOneSave(a: Job, b: Job): boolean {
  return a.savedAt > 0 && b.savedAt > 0 && Math.abs(a.savedAt - b.savedAt) <= oneSaveMs;
}

function disjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.isDisjointFrom(b);
}
