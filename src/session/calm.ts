import { cpus, freemem } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { DeferSettings } from '../config/resolved.js';
import { type Host, HostGone, type HostStats } from '../host/host.js';

/** Over this many milliseconds the load of the processors is measured. */
const loadWindowMs = 20;
const megabyte = 1024 * 1024;

/** Why these modules should not be switched now, as far as they themselves say so. */
export async function criticalSections(host: Host, names: Iterable<string>): Promise<readonly string[]> {
  const wanted = new Set(names);
  const { modules } = await statsOf(host);
  return modules
    .filter(({ module, critical }) => critical && wanted.has(module))
    .map(({ module, why }) => `${module} is in a critical section${why === '' ? '' : ` (${why})`}`);
}

/** Which of the limits of the configuration are exceeded. Costs nothing where none is set. */
export async function exceededLimits(host: Host, settings: DeferSettings): Promise<readonly string[]> {
  const { maxCpu, minFreeMemory, maxFrameMs } = settings;
  const reasons: string[] = [];
  if (maxCpu !== null) {
    const busy = await busyShare();
    if (busy > maxCpu) reasons.push(`the processors are ${percent(busy)} busy, more than ${percent(maxCpu)}`);
  }
  const free = Math.round(freemem() / megabyte);
  if (minFreeMemory !== null && free < minFreeMemory) {
    reasons.push(`${free} MB of memory are free, fewer than ${minFreeMemory} MB`);
  }
  if (maxFrameMs !== null) {
    const frameMs = (await statsOf(host)).tickUs / 1000;
    if (frameMs > maxFrameMs) reasons.push(`a frame takes ${frameMs.toFixed(1)} ms, more than ${maxFrameMs} ms`);
  }
  return reasons;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

const nothing: HostStats = { frame: 0, rate: 0, paused: false, tickUs: 0, keptImages: 0, modules: [] };

/** A host that has just ended has nothing to wait for: its recovery, or the commit, says what becomes of it. */
async function statsOf(host: Host): Promise<HostStats> {
  return host.stats().catch((error: unknown) => {
    if (error instanceof HostGone) return nothing;
    throw error;
  });
}

async function busyShare(): Promise<number> {
  const before = cpuTimes();
  await wait(loadWindowMs);
  const now = cpuTimes();
  const total = now.total - before.total;
  return total <= 0 ? 0 : 1 - (now.idle - before.idle) / total;
}

function cpuTimes(): { readonly idle: number; readonly total: number } {
  const times = cpus().map((one) => one.times);
  const idle = times.reduce((sum, one) => sum + one.idle, 0);
  return { idle, total: times.reduce((sum, one) => sum + one.user + one.nice + one.sys + one.irq + one.idle, 0) };
}
