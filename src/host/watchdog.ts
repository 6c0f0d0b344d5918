import { commitSteps } from './failures.js';
import { isBusy, type StatusFile, type StatusLane } from './status.js';

const loadCalls: ReadonlySet<string> = new Set([
  'dlopen',
  'constructors',
  'get_module_interface',
  'dlclose',
  'destructor',
]);
const commitCalls: ReadonlySet<string> = new Set([...commitSteps, 'rollback_reload', 'shutdown']);

/** The phase of a reload that a guarded call belongs to, by the name that the engine gives it; `call` for all others. */
export function phaseOf(call: string): 'load' | 'commit' | 'call' {
  if (loadCalls.has(call)) return 'load';
  return commitCalls.has(call) || call.startsWith('migration ') ? 'commit' : 'call';
}

export interface WatchdogOptions {
  /** Milliseconds that a call of this name may take; 0 for any time. */
  limitOf(call: string): number;
  /** Between two looks, 250 unless told. */
  readonly intervalMs?: number;
  /** Null where there is no file to look at any more. */
  status(): Pick<StatusFile, 'sequences' | 'read'> | null;
  now(): number;
  /** Asked when a call seems to hang; false puts the judgement off. */
  mayJudge(): boolean;
  /** Called at most once. */
  onHang(lane: StatusLane): void;
}

/**
 * Looks a few times a second whether a call into a module does not return, and hands back how to stop looking. The
 * time between two looks counts for no more than twice the interval: a machine that slept, or a stopped process, must
 * not make a call look long.
 */
export function watchForHangs(options: WatchdogOptions): () => void {
  const interval = options.intervalMs ?? 250;
  const seen: { sequence: bigint; stoodStill: number }[] = [];
  let last = options.now();

  const look = (): void => {
    const now = options.now();
    const passed = Math.min(now - last, interval * 2);
    last = now;
    const status = options.status();
    for (const [index, sequence] of (status?.sequences() ?? []).entries()) {
      const before = seen[index];
      const same = isBusy(sequence) && before?.sequence === sequence;
      const stoodStill = same ? before.stoodStill + passed : 0;
      seen[index] = { sequence, stoodStill };
      const lane = same ? status?.read()?.lanes[index] : undefined;
      if (lane?.sequence !== sequence) continue;
      const limit = options.limitOf(lane.call);
      if (limit === 0 || stoodStill < limit || !options.mayJudge()) continue;
      clearInterval(timer);
      options.onHang(lane);
      return;
    }
  };
  const timer = setInterval(look, interval);
  timer.unref();
  return () => clearInterval(timer);
}
