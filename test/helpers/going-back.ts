import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventOf } from '../../src/events/events.js';
import { type ServedSession, serveSession } from './served-session.js';

/** A served session of the module `m`, which counts in steps of its own. */
export interface GoingBack extends ServedSession {
  /** Saves another version of the module and waits for what comes of it; null where that is no outcome. */
  save(text: string): Promise<EventOf<'reload:done'> | null>;
  /** What it counted so far, after one more frame. */
  count(): Promise<number>;
}

/** Counts by `step` each frame; `field` stands before the count in its state. */
export function counting(step: number, field = ''): string {
  return `struct state { ${field} long count; };
static struct state state;
long m_count(void) { return state.count; }
void m_update(double dt) { (void)dt; state.count += ${step}; }
`;
}

export async function goingBack(text = counting(1), more: Readonly<Record<string, string>> = {}): Promise<GoingBack> {
  const served = await serveSession({ 'modules/m/m.c': text, ...more });
  const { session } = served.running;
  return {
    ...served,
    async save(next) {
      const before = served.running.outcomes('m').length;
      await writeFile(join(served.path, 'modules/m/m.c'), next);
      session.request(['m']);
      await session.idle();
      return served.running.outcomes('m')[before] ?? null;
    },
    async count() {
      await session.step(1);
      const { values } = await session.inspect({ module: 'm', path: 'state.count', elements: 8, follow: 0 });
      return Number(values[0]?.value);
    },
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}
