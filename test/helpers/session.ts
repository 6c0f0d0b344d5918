import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { type Bus, createBus } from '../../src/events/bus.js';
import type { EventOf, HotmodEvent } from '../../src/events/events.js';
import { createSession, type Session } from '../../src/session.js';

/** One compiled engine for all tests of a run. */
export const testCacheDir = join(tmpdir(), 'hotmod-test-cache');

/** The environment of the built program. What its sessions leave for others is from folders that no other test has. */
export const cliEnv = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  HOTMOD_CACHE: testCacheDir,
  HOTMOD_CACHE_LIMIT: '100',
  CI: 'true',
};

export interface TestSession extends AsyncDisposable {
  readonly session: Session;
  readonly bus: Bus;
  /** Everything emitted so far. */
  readonly events: readonly HotmodEvent[];
  /** Outcomes of a module so far, oldest first. */
  outcomes(module: string): readonly EventOf<'reload:done'>[];
  /** The text that a module's view shows now. */
  view(module: string): Promise<string>;
}

/** A session on a project folder with a real compiler, a real host and, unless told otherwise, a real watcher. */
export async function openTestSession(
  root: string,
  options: {
    readonly watch?: boolean;
    readonly stepped?: boolean;
    readonly start?: boolean;
    readonly target?: string;
    readonly cacheDir?: string;
  } = {},
): Promise<TestSession> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const bus = createBus();
  const events: HotmodEvent[] = [];
  bus.on((event) => events.push(event));
  const read = (requireModules: boolean) =>
    loadConfig({
      cwd: root,
      env,
      flags: { stepped: options.stepped ?? false, target: options.target },
      requireModules,
    });
  const config = await read(true);
  const session = await createSession({
    bus,
    config,
    loadConfig: () => read(false),
    watch: options.watch ?? true,
    cacheDir: options.cacheDir ?? testCacheDir,
    env,
    cleanUp: [],
  });
  if (options.start ?? true) {
    session.request(config.modules.map((module) => module.name));
    await session.idle();
  }
  return {
    session,
    bus,
    events,
    outcomes: (module) => events.filter((event) => event.type === 'reload:done').filter((one) => one.module === module),
    async view(module) {
      const views = await session.context.host.views();
      return views.find((one) => one.module === module)?.text ?? '';
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** A module that shows a number of its own and one of a header it shares, and keeps a count over reloads. */
export function viewModule(name: string, value: number | string): string {
  return `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../shared/shared.h"
static long count;
int ${name}_init(void) { return 0; }
void ${name}_update(double dt) { (void)dt; count++; }
int ${name}_save_state(void **data, size_t *size) {
  *size = sizeof count;
  *data = malloc(*size);
  memcpy(*data, &count, *size);
  return 0;
}
int ${name}_load_state(const void *data, size_t size) { memcpy(&count, data, size); return 0; }
const char *${name}_view(void) {
  static char text[100];
  snprintf(text, sizeof text, "%d %d", ${value}, SHARED);
  return text;
}
`;
}
