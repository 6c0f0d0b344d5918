import { existsSync } from 'node:fs';
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HotmodEvent } from '../events/events.js';
import { type Board, readBoard } from './board.js';
import { lostRows } from './journal.js';
import { expectedSide, judgeFrames, lastOutcomes } from './judge.js';
import { descriptorsOf, processesOf } from './processes.js';
import { type Environment, eventsOf, hostPidOf, openInside, openOutside, type Program } from './program.js';
import type { Moment, Schedule } from './schedule.js';
import { epochs, filesOf, saveOf } from './sources.js';
import { holds, pause } from './wait.js';
import { write } from './write.js';

export interface Played {
  /** One sentence for each promise that was broken. */
  readonly violations: readonly string[];
  /** What the modules of the transaction were once the disturbance was over. */
  readonly side: 'before' | 'after' | 'unclear';
  readonly events: readonly HotmodEvent[];
}

/** Frames after which nothing more is expected to come of a disturbance. */
const calm = 12;

/** Plays one schedule in a project of its own in the temporary folder. */
export async function play(schedule: Schedule, env: Environment): Promise<Played> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-chaos-')));
  const ownDescriptors = await descriptorsOf(process.pid);
  const run = new Run(schedule, root, env);
  try {
    write(root, filesOf(schedule));
    await run.start();
    await run.disturb();
    await run.saveOnceMore();
    await run.end(ownDescriptors);
  } catch (error) {
    run.violations.push(`the run itself failed: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    await run.close();
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
  return { violations: run.violations, side: run.side, events: run.events };
}

class Run {
  readonly violations: string[] = [];
  /** Of all programs that were started for it. */
  readonly events: HotmodEvent[] = [];
  side: Played['side'] = 'unclear';
  #program: Program | null = null;
  #descriptors = 0;
  readonly #schedule: Schedule;
  readonly #root: string;
  readonly #env: Environment;
  readonly #names: readonly string[];

  constructor(schedule: Schedule, root: string, env: Environment) {
    this.#schedule = schedule;
    this.#root = root;
    this.#env = env;
    this.#names = schedule.together.map((number) => `m${number}`);
  }

  async start(): Promise<void> {
    await this.#open();
    await this.#expectRow(epochs.before, 'at the start');
    this.#descriptors = await descriptorsOf(hostPidOf(this.#running));
  }

  /** The transaction with what disturbs it, and what has to hold when both are over. */
  async disturb(): Promise<void> {
    const { disturbance } = this.#schedule;
    const { events } = this.#running;
    const mark = events.length;
    switch (disturbance.kind) {
      case 'killConductor':
        return this.#killConductor(disturbance.at);
      case 'secondSave': {
        const moment = this.#moment(disturbance.at);
        this.#save(epochs.changed);
        await moment;
        const second = events.length;
        this.#save(epochs.second);
        await this.#expectOutcomes(second, 'of the second save');
        await this.#expectRow(epochs.second, 'after the second save');
        this.side = 'after';
        break;
      }
      case 'killHost': {
        const moment = this.#moment(disturbance.at);
        this.#save(epochs.changed);
        await moment;
        const pid = hostPidOf(this.#running);
        process.kill(pid, 'SIGKILL');
        const replaced = await holds(() => hostPidOf(this.#running) !== pid);
        if (!replaced) this.violations.push('no new host followed the one that was killed');
        await this.#settle(mark);
        break;
      }
      default:
        this.#save(epochs.changed);
        await this.#settle(mark);
    }
    this.#checkAlive();
  }

  /** Whatever happened, the next good save must run. */
  async saveOnceMore(): Promise<void> {
    const mark = this.#running.events.length;
    this.#save(epochs.last);
    await this.#expectOutcomes(mark, 'of the last save');
    await this.#expectRow(epochs.last, 'after the last save');
    this.#checkAlive();
    this.violations.push(...judgeFrames(this.#schedule, this.#running.events));
  }

  /** Ends the session; nothing of it may stay behind. */
  async end(ownDescriptors: number): Promise<void> {
    const host = hostPidOf(this.#running);
    const replaced = eventsOf(this.#running.events, 'host:up').length > 1;
    const grown = (await descriptorsOf(host)) - this.#descriptors;
    if (!replaced && grown > 0) this.violations.push(`the host has ${grown} more open files than before`);
    const inside = this.#running.kill === null;
    await this.close();
    this.violations.push(...lostRows(this.#root, this.events));
    await this.#expectNothingLeft();
    const left = await readdir(join(this.#root, '.hotmod/run')).catch(() => []);
    if (left.length > 0) this.violations.push(`.hotmod/run still has ${left.join(', ')}`);
    if (existsSync(join(this.#root, '.hotmod/session.sock'))) this.violations.push('its socket is left');
    const level = async (): Promise<boolean> => (await descriptorsOf(process.pid)) <= ownDescriptors;
    if (inside && !(await holds(level, 5_000))) {
      const now = await descriptorsOf(process.pid);
      this.violations.push(`${now - ownDescriptors} open files of the conductor are left`);
    }
  }

  async close(): Promise<void> {
    const program = this.#program;
    if (program === null) return;
    this.#program = null;
    await program[Symbol.asyncDispose]();
    this.events.push(...program.events);
  }

  get #running(): Program {
    if (this.#program === null) throw new Error('nothing runs');
    return this.#program;
  }

  async #open(): Promise<void> {
    const outside = this.#schedule.disturbance.kind === 'killConductor';
    const watch = this.#schedule.save !== 'request';
    this.#program = outside ? openOutside(this.#root, this.#env) : await openInside(this.#root, this.#env, { watch });
  }

  #save(epoch: number): void {
    write(this.#root, saveOf(this.#schedule, epoch));
    if (this.#schedule.save === 'request') this.#running.request?.(this.#names);
  }

  /** Settles at the moment meant, counted from now on; at the latest when it can no longer come. */
  async #moment(at: Moment): Promise<void> {
    if (at.after === 'ms') return pause(at.ms);
    const seen = Promise.withResolvers<void>();
    this.#running.onEvent((event) => {
      if (event.type === at.type && 'module' in event && this.#names.includes(event.module)) seen.resolve();
    });
    return Promise.race([seen.promise, pause(5_000)]);
  }

  async #killConductor(at: Moment): Promise<void> {
    const moment = this.#moment(at);
    this.#save(epochs.changed);
    await moment;
    await this.#running.kill?.();
    const { events } = this.#running;
    // Where the kill came late, the transaction was over, and stands under the same promises.
    this.violations.push(...judgeFrames(this.#schedule, events));
    await this.close();
    await this.#expectNothingLeft();
    this.violations.push(...lostRows(this.#root, events));
    await this.#open();
    await this.#expectRow(epochs.changed, 'after the conductor was started again');
    this.#descriptors = await descriptorsOf(hostPidOf(this.#running));
    this.side = 'after';
  }

  async #expectNothingLeft(): Promise<void> {
    const gone = await holds(async () => (await processesOf(this.#root)).length === 0, 10_000);
    if (!gone) this.violations.push(`processes are left: ${(await processesOf(this.#root)).join(', ')}`);
  }

  /** Waits for an outcome of each module of the transaction, and until all is quiet after it. */
  async #expectOutcomes(mark: number, which: string): Promise<ReturnType<typeof lastOutcomes>> {
    const { events } = this.#running;
    const told = (): boolean => {
      const outcomes = lastOutcomes(events.slice(mark));
      return this.#names.every((name) => outcomes.has(name));
    };
    if (!(await holds(told))) {
      const missing = this.#names.filter((name) => !lastOutcomes(events.slice(mark)).has(name));
      this.violations.push(`no outcome ${which} for ${missing.join(', ')}`);
    }
    await this.#quiet();
    return lastOutcomes(events.slice(mark));
  }

  /** The last word of the session is that nothing is left to do. */
  async #quiet(): Promise<void> {
    const { events } = this.#running;
    const idle = (): boolean => {
      const last = events.findLastIndex((event) => event.type === 'session:idle');
      return last > events.findLastIndex((event) => busy.has(event.type));
    };
    if (!(await holds(idle))) this.violations.push('the session does not come to rest');
  }

  /** Looks where the modules of the transaction stand once nothing more comes, and whether all stand there. */
  async #settle(mark: number): Promise<void> {
    const { disturbance } = this.#schedule;
    const { events } = this.#running;
    await this.#expectOutcomes(mark, 'of the transaction');
    await this.#frames(calm + (disturbance.kind === 'update' ? disturbance.frames : 0));
    if (disturbance.kind === 'update') {
      const crashed = (): boolean => events.slice(mark).some((event) => event.type === 'host:crash');
      if (!(await holds(crashed))) this.violations.push('nobody heard of the crash');
    }
    await this.#quiet();
    await this.#frames(calm);
    const outcomes = lastOutcomes(events.slice(mark));
    const said = new Set(this.#names.map((name) => (outcomes.get(name) === 'reloaded' ? 'after' : 'before')));
    const row = (await readBoard(this.#running))?.last ?? [];
    const runs = new Set(this.#schedule.together.map((number) => row[number] ?? 0));
    const described = `${this.#names.map((name) => `${name} ${outcomes.get(name)}`).join(', ')}; ${row.join(' ')} run`;
    const epoch = [...runs][0] ?? 0;
    this.side = epoch === epochs.changed ? 'after' : epoch === epochs.before ? 'before' : 'unclear';
    if (runs.size !== 1 || this.side === 'unclear') this.violations.push(`not all stand on one side: ${described}`);
    else if (said.size !== 1 || !said.has(this.side))
      this.violations.push(`what was said is not what runs: ${described}`);
    const expected = expectedSide(disturbance);
    if (expected !== 'either' && this.side !== expected) {
      this.violations.push(`expected them ${expected} the transaction: ${described}`);
    }
  }

  /** Waits until every module is the version that it should be, with those outside the transaction as they were. */
  async #expectRow(epoch: number, when: string): Promise<void> {
    const { modules, together } = this.#schedule;
    const wanted = modules.map((_, number) => (together.includes(number) ? epoch : epochs.before));
    let board: Board | null = null;
    const there = await holds(async () => {
      board = await readBoard(this.#running);
      return board !== null && wanted.every((version, number) => board?.last[number] === version);
    });
    const shown = (board as Board | null)?.last.join(' ') ?? 'nothing';
    if (!there) this.violations.push(`${when} ${shown} run in place of ${wanted.join(' ')}`);
    await this.#quiet();
    await this.#frames(calm);
  }

  async #frames(count: number): Promise<void> {
    const from = (await readBoard(this.#running))?.frames ?? 0;
    const ran = await holds(async () => {
      const frames = (await readBoard(this.#running))?.frames ?? 0;
      // A host that was replaced began to count anew.
      return frames >= from + count || (frames < from && frames >= count);
    });
    if (!ran) this.violations.push('the frames stand still');
  }

  #checkAlive(): void {
    const problems = eventsOf(this.#running.events, 'session:problem');
    for (const { code, message } of problems.slice(this.#toldProblems)) this.violations.push(`${code} ${message}`);
    this.#toldProblems = problems.length;
    if (eventsOf(this.#running.events, 'session:end').length > 0) this.violations.push('the session ended');
  }

  #toldProblems = 0;
}

/** Events that tell of work which is followed by another `session:idle`. */
const busy: ReadonlySet<HotmodEvent['type']> = new Set([
  'watch:change',
  'build:start',
  'reload:done',
  'module:restarted',
  'host:up',
]);
