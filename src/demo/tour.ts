import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bus } from '../events/bus.js';
import type { Diagnostic, EventOf, HotmodEvent, Timings } from '../events/events.js';
import type { Scene } from './scenes.js';

/** What came of one scene. `asAnnounced` is judged by outcome, level and code. */
export interface SceneResult {
  readonly scene: Scene;
  readonly outcome: string;
  readonly level: string;
  readonly codes: readonly string[];
  readonly messages: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  readonly timings: Timings;
  readonly asAnnounced: boolean;
}

const patienceMs = 30_000;

/** Saves the edit of one scene, as an editor would, and waits for what comes of it. */
export async function playScene(root: string, scene: Scene, bus: Bus): Promise<SceneResult> {
  const events: HotmodEvent[] = [];
  const off = bus.on((event) => events.push(event));
  try {
    const file = join(root, scene.file);
    const done = outcomeOf(bus, scene.module);
    await writeFile(file, edited(await readFile(file, 'utf8'), scene));
    return judge(scene, await done, events);
  } finally {
    off();
  }
}

function edited(text: string, scene: Scene): string {
  return scene.edits.reduce((before, { from, to }) => {
    if (!before.includes(from)) throw new Error(`the demo does not fit ${scene.file} any more: it has no "${from}"`);
    return before.replace(from, () => to);
  }, text);
}

async function outcomeOf(bus: Bus, module: string): Promise<EventOf<'reload:done'> | null> {
  const waited = Promise.withResolvers<null>();
  const timer = setTimeout(() => waited.resolve(null), patienceMs);
  const outcome = await Promise.race([bus.next('reload:done', (event) => event.module === module), waited.promise]);
  clearTimeout(timer);
  return outcome;
}

function judge(scene: Scene, done: EventOf<'reload:done'> | null, events: readonly HotmodEvent[]): SceneResult {
  if (done === null) {
    const messages = [`Nothing came of it within ${patienceMs / 1000} seconds.`];
    const none = { codes: [], diagnostics: [], timings: {}, asAnnounced: false };
    return { scene, outcome: 'nothing', level: '', messages, ...none };
  }
  const diagnostics = events.filter((event) => event.type === 'build:diagnostic');
  const codes = [...new Set([...done.reasons.map((one) => one.code), ...diagnostics.map((one) => one.code)])];
  const { outcome, level, code } = scene.expect;
  return {
    scene,
    outcome: done.outcome,
    level: done.level,
    codes,
    messages: done.reasons.map((one) => `${one.code}: ${one.message}`),
    diagnostics,
    timings: done.timings,
    asAnnounced:
      done.outcome === outcome &&
      (level === undefined || done.level === level) &&
      (code === undefined || codes.includes(code)),
  };
}
