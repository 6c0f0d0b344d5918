import type { HotmodEvent, Outcome } from '../events/events.js';
import { messagesOf } from './board.js';
import { eventsOf } from './program.js';
import type { Disturbance, Schedule } from './schedule.js';

/** What the modules of the transaction must be in the end, as far as the disturbance alone says. */
type Side = 'before' | 'after' | 'either';

export function expectedSide(disturbance: Disturbance): Side {
  switch (disturbance.kind) {
    case 'hook':
      // It is asked only after the switch, and has no say any more.
      return disturbance.hook === 'shutdown' ? 'after' : 'before';
    case 'update':
      return 'before';
    case 'killHost':
      return 'either';
    default:
      return 'after';
  }
}

/** The last outcome of each module; a module that runs what the source gives already counts as reloaded. */
export function lastOutcomes(events: readonly HotmodEvent[]): ReadonlyMap<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  for (const event of events) {
    if (event.type === 'reload:done') outcomes.set(event.module, event.outcome);
    if (event.type === 'module:current') outcomes.set(event.module, 'reloaded');
  }
  return outcomes;
}

/** A mix that lasts is seen in every frame. */
const mostTold = 3;

/** What modules saw of each other while it went on, and of their own state. */
export function judgeFrames(schedule: Schedule, events: readonly HotmodEvent[]): readonly string[] {
  const messages = messagesOf(events);
  const told = messages
    .filter(({ what }) => what === 'MIX' || what === 'BROKEN' || what === 'NOTE')
    .map(({ text }) => text);
  const more = told.length > mostTold ? [`... and ${told.length - mostTold} more of these`] : [];
  return [...told.slice(0, mostTold), ...more, ...judgeLosses(schedule, events)];
}

/**
 * A state goes on without a gap, or begins at one earlier point for all modules of the transaction: after a crash in an
 * update all of them go back, and after one in a hook of the version that runs that module may start again, as it says.
 */
function judgeLosses(schedule: Schedule, events: readonly HotmodEvent[]): readonly string[] {
  const { disturbance, together, modules } = schedule;
  if (disturbance.kind === 'killConductor') return [];
  if (disturbance.kind === 'killHost') return judgeTakeOver(events);
  const restarted = new Set(eventsOf(events, 'module:restarted').map(({ module }) => module));
  const set = new Set(together.map((number) => modules[number]?.name ?? ''));
  const taken = disturbance.kind === 'update';
  const lost = new Map([...set].filter((name) => !restarted.has(name)).map((name) => [name, 0]));
  const wrong: string[] = [];
  for (const { what, words, text } of messagesOf(events)) {
    const [who = '', other = ''] = words;
    if (what === 'LOST' && !restarted.has(who)) {
      if (taken && set.has(who)) lost.set(who, (lost.get(who) ?? 0) + Number(other));
      else wrong.push(`${text}: frames of its state are gone`);
    }
    // Whoever is not part of the transaction keeps what it gave to one that went back.
    const both = set.has(who) && set.has(other);
    const begunAgain = restarted.has(who) || restarted.has(other);
    if (what === 'SUM' && !begunAgain && !(taken && !both))
      wrong.push(`${text}: what one gave the other does not have`);
  }
  if (disturbance.kind === 'update') {
    // The frame in which it crashed is one that the victim alone has not counted.
    const victim = modules[disturbance.victim]?.name ?? '';
    const others = [...lost].filter(([name]) => name !== victim).map(([, frames]) => frames);
    const own = lost.get(victim) ?? others[0] ?? 0;
    if (others.some((frames) => frames !== others[0] || (own !== frames && own !== frames + 1))) {
      const each = [...lost].map(([module, frames]) => `${module} ${frames}`).join(', ');
      wrong.push(`LOST ${each}: the modules of one transaction went back to different frames`);
    }
  }
  return wrong;
}

/**
 * All modules go on from one boundary, the board among them: nobody lacks what another one counted. Frames have other numbers
 * in the next host, so that every state seems to have begun elsewhere, but all by the same number of frames.
 */
function judgeTakeOver(events: readonly HotmodEvent[]): readonly string[] {
  const anew = eventsOf(events, 'module:restarted').filter(({ message }) => message.includes('from its start'));
  const messages = messagesOf(events);
  const moved = messages.filter(({ what }) => what === 'LOST').map(({ words }) => words);
  const apart = new Set(moved.map(([, frames]) => frames)).size > 1;
  return [
    ...anew.map(({ module, message }) => `${module} began anew: ${message}`),
    ...(apart ? [`LOST ${moved.join(' ')}: the modules went on from different boundaries`] : []),
    ...messages
      .filter(({ what }) => what === 'SUM')
      .map(({ text }) => `${text}: what one gave the other does not have`),
  ];
}
