import type { Builder, BuildResult } from '../build/types.js';
import type { Bus } from '../events/bus.js';
import type { Finding, Level, Outcome, Timings } from '../events/events.js';
import { pinnedStart } from './generations/pins.js';
import type { ModuleRecord, Pin } from './records.js';

/** A module that got no further. */
export interface Stopped {
  readonly kind: 'stopped';
  readonly outcome: Extract<Outcome, 'buildFailed' | 'refused' | 'failed'>;
  readonly level: Level;
  readonly reasons: readonly Finding[];
  readonly timings: Timings;
  readonly build: BuildResult;
}

export type Built =
  | { readonly kind: 'superseded' }
  /** The library that runs is what the source gives. */
  | { readonly kind: 'unchanged'; readonly build: BuildResult }
  | Stopped
  | {
      readonly kind: 'built';
      readonly timings: Timings;
      readonly build: BuildResult;
      /** Where the module starts at a pinned generation in place of what its source gives. */
      readonly pinned: Pin | null;
    };

export interface BuildModuleRequest {
  readonly builder: Builder;
  readonly bus: Bus;
  readonly signal: AbortSignal;
  readonly rebuild: boolean;
  /** Go on although the library is the one that runs already. */
  readonly force: boolean;
}

/** From source to library. Emits what the compiler said. */
export async function buildModule(record: ModuleRecord, request: BuildModuleRequest): Promise<Built> {
  const built = await runBuild(record, request);
  if (built.superseded) return { kind: 'superseded' };
  const pinned = pinnedStart(record, built);
  const build = pinned === null ? built : { ...built, ok: true, library: pinned.library, hash: pinned.hash };
  const timings: Timings = { build: build.durationMs };
  if (!build.ok) {
    const reasons = build.diagnostics
      .filter((diagnostic) => diagnostic.severity === 'error')
      .map(({ code, message }) => ({ code, message }));
    return { kind: 'stopped', outcome: 'buildFailed', level: 'BLOCKED', reasons, timings, build };
  }
  const unchanged = !request.force && record.running?.hash === build.hash;
  return unchanged ? { kind: 'unchanged', build } : { kind: 'built', timings, build, pinned };
}

async function runBuild(record: ModuleRecord, request: BuildModuleRequest): Promise<BuildResult> {
  const { bus, builder, signal, rebuild } = request;
  const module = record.settings.name;
  bus.emit({ type: 'build:start', module });
  const result = await builder.build(record.settings, {
    signal,
    rebuild,
    onProgress: (done, total) => bus.emit({ type: 'build:progress', module, done, total }),
  });
  if (!result.superseded) {
    for (const diagnostic of result.diagnostics) bus.emit({ type: 'build:diagnostic', module, ...diagnostic });
  }
  const { ok, cached, superseded, durationMs } = result;
  const count = (severity: string): number => result.diagnostics.filter((one) => one.severity === severity).length;
  const counts = { errors: count('error'), warnings: count('warning') };
  bus.emit({ type: 'build:done', module, ok, cached, superseded, ...counts, ...toolsOf(result), durationMs });
  return result;
}

function toolsOf({ steps }: BuildResult) {
  const ran = steps.filter((step) => !step.cached && step.kind !== 'command');
  const fallbacks = ran.map((step) => step.fallback).filter((reason) => reason !== '');
  const precompiled = ran.filter((step) => step.precompiled).length;
  return {
    ...(precompiled === 0 ? {} : { precompiled }),
    ...(ran.length === 0 ? {} : { warm: ran.every((step) => step.warm) }),
    ...(fallbacks.length === 0 ? {} : { fallbacks }),
  };
}
