import { setTimeout as wait } from 'node:timers/promises';
import { criticalSections, exceededLimits } from './calm.js';
import type { JobOptions } from './config-reader.js';
import type { Context } from './context.js';

/** Reloads that wait for a good moment. */
export interface Deferral {
  /**
   * Keeps modules until nothing speaks against switching them, and then requests them again. Their builds are cached, and a
   * save meanwhile is requested by itself: what is switched to is always the newest.
   */
  defer(modules: readonly string[], reasons: readonly string[], options: JobOptions): void;
  /** Looks now instead of at the next time. */
  look(): Promise<void>;
}

/**
 * Milliseconds between looks: short at first, then longer, but never so long that a short time between two critical
 * sections is missed. A look costs a fraction of a millisecond.
 */
const firstWaitMs = 10;
const longestWaitMs = 40;

/**
 * One waiting entry for each module at most, so that the queue is bounded by their number. Critical sections are waited for
 * as long as they take, limits of the configuration up to `maxWaitMs`.
 */
export function createDeferral(
  context: Context,
  request: (modules: readonly string[], options: JobOptions) => void,
): Deferral {
  const waiting = new Map<string, JobOptions>();
  let looking = false;

  const said = new Map<string, string>();
  // Once for each reason, however often it is found again.
  const say = (modules: readonly string[], reasons: readonly string[]): void => {
    const text = reasons.join('\n');
    for (const module of modules) {
      if (said.get(module) === text) continue;
      said.set(module, text);
      context.bus.emit({ type: 'reload:deferred', module, reasons });
    }
  };

  const look = async (): Promise<void> => {
    const modules = [...waiting.keys()];
    if (modules.length === 0) return;
    const reasons = await reasonsAgainst(context, modules);
    if (context.closing) return;
    if (reasons.length > 0) {
      say(modules, reasons);
      return;
    }
    // What was deferred together is requested together.
    for (const [options, group] of Map.groupBy(modules, (module) => waiting.get(module))) {
      for (const module of group) {
        waiting.delete(module);
        said.delete(module);
      }
      if (options !== undefined) request(group, options);
    }
  };

  const lookAgainAndAgain = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    for (let waitMs = firstWaitMs; waiting.size > 0 && !context.closing; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
      await wait(waitMs, undefined, { ref: false });
      await look();
    }
    looking = false;
  };

  return {
    defer(modules, reasons, options) {
      for (const module of modules) {
        waiting.set(module, options);
        if (!context.deferredSince.has(module)) context.deferredSince.set(module, performance.now());
      }
      say(modules, reasons);
      void lookAgainAndAgain();
    },
    look,
  };
}

/** Why these modules should not be switched now; empty where they may be. */
export async function reasonsAgainst(context: Context, modules: readonly string[]): Promise<readonly string[]> {
  const sections = modules.filter((module) => hasSections(context, module));
  const critical = sections.length === 0 ? [] : await criticalSections(context.host, sections);
  return [...critical, ...(await limitsAgainst(context, modules))];
}

/** Only those that use the function are asked, so that a reload of others costs nothing more. */
function hasSections({ records }: Context, module: string): boolean {
  const symbols = records.get(module)?.running?.file.undefinedSymbols ?? [];
  return symbols.some(({ name }) => name === 'module_begin_critical');
}

async function limitsAgainst(context: Context, modules: readonly string[]): Promise<readonly string[]> {
  const { defer } = context.config.reload;
  const since = Math.min(...modules.map((module) => context.deferredSince.get(module) ?? Number.POSITIVE_INFINITY));
  if (performance.now() - since >= defer.maxWaitMs) return [];
  return exceededLimits(context.host, defer);
}
