import type { ErrorClass } from '../../config/resolved.js';
import type { RecoveryCounts, RecoveryStatistics, TimeSummary } from '../../events/events.js';

/** One crash that has been dealt with. */
export interface DealtWith {
  readonly module: string;
  readonly errorClass: ErrorClass;
  /** False where the module was stopped because its policy says so. */
  readonly tried: boolean;
  readonly recovered: boolean;
  readonly recoveryMs: number;
}

export interface RecoveryTally {
  add(crash: DealtWith): void;
  /** What runs after a crash was called for the first time, so long after the signal. */
  addNextCall(module: string, ms: number): void;
  countsOf(module: string): RecoveryCounts;
  statistics(): RecoveryStatistics;
}

/** Times beyond these are of the past: a session may last for weeks, and memory is to stay level. */
const keptTimes = 1000;

/** Counts since the session began, of each module that crashed and of all. */
export function createRecoveryTally(): RecoveryTally {
  const all = newCounter();
  const modules = new Map<string, Counter>();
  const both = (module: string): readonly Counter[] => {
    const own = modules.get(module) ?? newCounter();
    modules.set(module, own);
    return [all, own];
  };
  return {
    add(crash) {
      for (const counter of both(crash.module)) count(counter, crash);
    },
    addNextCall(module, ms) {
      for (const counter of both(module)) keep(counter.nextCalls, ms);
    },
    countsOf: (module) => countsOf(modules.get(module) ?? newCounter()),
    statistics: () => ({
      ...countsOf(all),
      modules: Object.fromEntries([...modules].map(([module, counter]) => [module, countsOf(counter)])),
    }),
  };
}

interface Counter {
  crashes: number;
  tried: number;
  recovered: number;
  readonly byClass: Map<ErrorClass, number>;
  readonly recoveries: Ring;
  readonly nextCalls: Ring;
}

/** The newest times; the place of the next one is where the oldest lies. */
interface Ring {
  readonly times: number[];
  next: number;
}

function newCounter(): Counter {
  const [recoveries, nextCalls] = [newRing(), newRing()];
  return { crashes: 0, tried: 0, recovered: 0, byClass: new Map(), recoveries, nextCalls };
}

function newRing(): Ring {
  return { times: [], next: 0 };
}

function keep(ring: Ring, ms: number): void {
  ring.times[ring.next] = ms;
  ring.next = (ring.next + 1) % keptTimes;
}

function count(counter: Counter, { errorClass, tried, recovered, recoveryMs }: DealtWith): void {
  counter.crashes += 1;
  counter.byClass.set(errorClass, (counter.byClass.get(errorClass) ?? 0) + 1);
  if (tried) counter.tried += 1;
  if (!recovered) return;
  counter.recovered += 1;
  keep(counter.recoveries, recoveryMs);
}

function countsOf({ crashes, byClass, tried, recovered, recoveries, nextCalls }: Counter): RecoveryCounts {
  return {
    crashes,
    byClass: Object.fromEntries(byClass),
    tried,
    recovered,
    rate: tried === 0 ? null : recovered / tried,
    recoveryMs: summary(recoveries),
    nextCallMs: summary(nextCalls),
  };
}

/** Percentiles by nearest rank. */
function summary({ times }: Ring): TimeSummary | null {
  if (times.length === 0) return null;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { mean: times.reduce((sum, time) => sum + time, 0) / times.length, p50: at(0.5), p99: at(0.99) };
}
