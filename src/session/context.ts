import type { Builder } from '../build/types.js';
import type { ResolvedConfig } from '../config/resolved.js';
import type { Bus } from '../events/bus.js';
import type { Host } from '../host/host.js';
import type { HostProgram } from '../host/program.js';
import type { Turn } from '../reload/queue.js';
import type { Watcher } from '../watch/watcher.js';
import type { History } from './generations/history.js';
import type { KnownLibrary, ModuleRecord } from './records.js';
import type { EmulatorFaults } from './recovery/emulator-faults.js';
import type { Recoveries } from './recovery/recoveries.js';
import type { ModelReader } from './types-of-both.js';

/**
 * The session's own data, shared by the files of this folder and by nobody else. `session.ts` alone replaces the
 * members that change; everything that changes the running program first takes its `turn`.
 */
export interface Context {
  readonly bus: Bus;
  readonly records: Map<string, ModuleRecord>;
  /** The environment that hotmod was called in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly engineLibrary: string;
  readonly hostProgram: HostProgram;
  readonly emulatorFaults: EmulatorFaults;
  /** An update that crashes is called once more first, because the emulator may be at fault. */
  readonly retryOnce: boolean;
  /** Types and storage of libraries, each read once. */
  readonly models: ModelReader;
  readonly turn: Turn;
  /** Who is told of crashes. */
  readonly recoveries: Recoveries;
  /** What happened, also in the sessions before. */
  readonly history: History;
  config: ResolvedConfig;
  builder: Builder;
  host: Host;
  watcher: Watcher | null;
  /** When a module's reload was first put off, on the monotonic clock; forgotten when it was switched. */
  readonly deferredSince: Map<string, number>;
  transactions: number;
  /** Somebody stopped the clock: a host that takes over stands still too. */
  paused: boolean;
  /** What the newest transaction was to switch to: where one of them hung or ended the host, no record holds it. */
  readonly arriving: Map<string, KnownLibrary>;
  /** The host ended while modules started beside each other, and nobody knows whose fault that was. */
  startsAlone: boolean;
  /** Set while the session ends: nothing that happens from now on is worth a word. */
  closing: boolean;
}
