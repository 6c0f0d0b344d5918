import type { Bus } from '../events/bus.js';
import type { DecidedConflict, EventOf, HotmodEvent, Level, Outcome, Timings } from '../events/events.js';

/** What a step did to one module. `unchanged`: what runs is already what the source gives. */
export interface Observed {
  readonly outcome: Outcome | 'unchanged';
  readonly level: Level;
  readonly codes: readonly string[];
  /** The words that came with the codes, for a message about a failed expectation. */
  readonly messages: readonly string[];
  readonly conflicts: readonly DecidedConflict[];
  readonly durationMs: number;
  readonly timings: Timings;
}

export interface Observation {
  of(module: string): Observed;
  end(): void;
}

/** Collects the events of one step. */
export function observe(bus: Bus): Observation {
  const events: HotmodEvent[] = [];
  const end = bus.on((event) => events.push(event));
  return { end, of: (module) => summarize(events.filter((event) => concerns(event, module))) };
}

/** A configuration that is rejected concerns every module. */
function concerns(event: HotmodEvent, module: string): boolean {
  return event.type === 'config:rejected' || ('module' in event && event.module === module);
}

function summarize(events: readonly HotmodEvent[]): Observed {
  const outcomes = events.filter((event) => event.type === 'reload:done');
  const last = outcomes.at(-1);
  const rejected = events.some((event) => event.type === 'config:rejected');
  const found = events.flatMap(findingsOf);
  const levels = events.filter((event) => event.type === 'assess:done').map((event) => event.level);
  // The first outcome has the phases of the reload itself; a version taken back later adds none.
  const { durationMs = 0, timings = {} } = outcomes[0] ?? {};
  return {
    outcome: rejected ? 'failed' : (last?.outcome ?? 'unchanged'),
    level: rejected || last?.outcome === 'buildFailed' ? 'BLOCKED' : (levels.at(-1) ?? last?.level ?? 'SAFE'),
    codes: [...new Set(found.map((one) => one.code))],
    messages: found.map((one) => `${one.code}: ${one.message}`),
    conflicts: events.filter((event) => event.type === 'conflict' || event.type === 'reload:done').flatMap(decidedOf),
    durationMs,
    timings,
  };
}

function decidedOf(event: EventOf<'conflict'> | EventOf<'reload:done'>): readonly DecidedConflict[] {
  return event.type === 'conflict' ? [event] : (event.conflicts ?? []);
}

function findingsOf(event: HotmodEvent): readonly { readonly code: string; readonly message: string }[] {
  switch (event.type) {
    case 'assess:done':
    case 'reload:done':
      return event.reasons;
    case 'validate:done':
      return event.findings;
    case 'conflict':
      return [{ code: event.code, message: event.text }];
    case 'build:diagnostic':
    case 'config:rejected':
    case 'session:problem':
    case 'host:crash':
      return [event];
    default:
      return [];
  }
}
