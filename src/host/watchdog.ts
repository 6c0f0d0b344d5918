import type { EngineStatus, StatusLane } from './status.js';

export interface WatchdogOptions {
  readonly timeoutMs: number;
  /** Between two looks, 250 unless told. */
  readonly intervalMs?: number;
  read(): EngineStatus | null;
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
    const status = options.read();
    for (const [index, lane] of (status?.lanes ?? []).entries()) {
      const before = seen[index];
      const same = lane.busy && before?.sequence === lane.sequence;
      const stoodStill = same ? before.stoodStill + passed : 0;
      seen[index] = { sequence: lane.sequence, stoodStill };
      if (stoodStill < options.timeoutMs || !options.mayJudge()) continue;
      clearInterval(timer);
      options.onHang(lane);
      return;
    }
  };
  const timer = setInterval(look, interval);
  timer.unref();
  return () => clearInterval(timer);
}
