import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheDir } from '../config/cache-dir.js';
import { loadConfig } from '../config/load.js';
import { createBus } from '../events/bus.js';
import type { EventOf, HotmodEvent } from '../events/events.js';
import { createSession, type Session } from '../session.js';
import { type CrashPlace, crashKinds, crashPlaces, crashSource } from './crash-source.js';
import { createRandom } from './random.js';

export interface CrashRun {
  readonly crashes: number;
  /** By what was done: `update, on probation`, ... */
  readonly counts: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
  /** Milliseconds from each signal until the engine was done with it. */
  readonly recoveries: readonly number[];
}

interface CrashOptions {
  readonly seed: number;
  readonly crashes: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: (done: number) => void;
}

const modules = ['one', 'two', 'three'] as const;
const probationFrames = 20;

/**
 * Makes three modules crash at random, one after another, in a real session: on probation, alone or with the others that
 * came in the same commit, and long after; in update, in the view, in a function that is called. After each the session
 * and the host must live, every variable be what it was at the last frame boundary, and no other module have missed a
 * frame.
 */
export async function runCrashes({ seed, crashes, env, onProgress }: CrashOptions): Promise<CrashRun> {
  await using project = await openCrashProject(env);
  const random = createRandom(seed);
  const expected = new Map<string, number>(modules.map((name) => [name, 0]));
  const variants = new Map<string, number>(modules.map((name) => [name, 0]));
  const counts: Record<string, number> = {};
  const wrong: string[] = [];
  const recoveries: number[] = [];
  const { session, events } = project;
  const { pid } = session.context.host;
  let shared = 0;

  const run = async (frames: number): Promise<void> => {
    await session.step(frames);
    for (const name of modules) expected.set(name, (expected.get(name) ?? 0) + frames);
  };

  for (let round = 1; round <= crashes; round++) {
    const module = random.pick(modules);
    const place = random.pick(crashPlaces);
    const kind = random.pick(crashKinds);
    const when = random.pick(['long after', 'on probation', 'on probation with the others']);
    const before = events.length;
    if (when === 'long after') {
      await run(probationFrames + random.below(3));
    } else {
      if (when === 'on probation') {
        variants.set(module, 1 - (variants.get(module) ?? 0));
      } else {
        shared += 1;
        for (const name of modules) variants.set(name, random.below(2));
      }
      const changed = when === 'on probation' ? [module] : [...modules];
      await project.write(variants, shared);
      session.request(changed, { force: true });
      await session.idle();
      const outcomes = outcomesOf(events.slice(before));
      if (outcomes.length !== changed.length || outcomes.some((one) => one.outcome !== 'reloaded')) {
        wrong.push(`${round}: the reload before the crash ended as ${JSON.stringify(outcomes)}`);
        break;
      }
      await run(random.below(probationFrames - 2));
    }

    const since = events.length;
    await order(session, module, crashKinds.indexOf(kind) + 1, place);
    await provoke(session, module, place);
    for (const name of modules) {
      if (place === 'update' && name !== module) expected.set(name, (expected.get(name) ?? 0) + 1);
    }
    await session.idle();

    const what = `${round}: ${kind.name} in ${place} of ${module}, ${when}`;
    const [crash, ...more] = events.slice(since).filter((event) => event.type === 'host:crash');
    if (crash === undefined || more.length > 0) wrong.push(`${what}: ${more.length + 1} crashes were told`);
    else if (!kind.signals.some((signal) => signal === crash.signal)) wrong.push(`${what}: it came as ${crash.signal}`);
    if (crash?.fatal === true || session.context.host.pid !== pid) wrong.push(`${what}: the host was lost`);
    if (crash?.recoveryMs !== undefined) recoveries.push(crash.recoveryMs);
    const back = outcomesOf(events.slice(since)).filter((one) => one.outcome === 'rolledBack');
    const expectedBack = when === 'long after' ? 0 : when === 'on probation' ? 1 : modules.length;
    if (back.length !== expectedBack) wrong.push(`${what}: ${back.length} modules were taken back`);
    // One frame more shows that what runs now runs.
    await run(1);
    wrong.push(...(await differences(session, expected)).map((text) => `${what}: ${text}`));
    const name = `${place}, ${when}`;
    counts[name] = (counts[name] ?? 0) + 1;
    onProgress?.(round);
    if (wrong.length > 20) break;
  }
  return { crashes: Object.values(counts).reduce((sum, count) => sum + count, 0), counts, wrong, recoveries };
}

interface CrashProject extends AsyncDisposable {
  readonly session: Session;
  readonly events: readonly HotmodEvent[];
  write(variants: ReadonlyMap<string, number>, shared: number): Promise<void>;
}

async function openCrashProject(env: CrashOptions['env']): Promise<CrashProject> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-crashes-')));
  const put = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  };
  const write = async (variants: ReadonlyMap<string, number>, shared: number): Promise<void> => {
    await put('shared/shared.h', `#define SHARED ${shared}\n`);
    for (const name of modules) await put(`modules/${name}/${name}.c`, crashSource(name, variants.get(name) ?? 0));
  };
  await write(new Map(), 0);
  // A crash every few milliseconds is what is wanted here.
  const host = { probationFrames, restart: { max: 3, withinMs: 1 } };
  await put('hotmod.config.json', JSON.stringify({ host }));
  const read = () => loadConfig({ cwd: root, env, flags: { stepped: true } });
  const config = await read();
  const bus = createBus();
  const events: HotmodEvent[] = [];
  bus.on((event) => events.push(event));
  const session = await createSession({
    bus,
    config,
    loadConfig: read,
    watch: false,
    cacheDir: cacheDir(env),
    env,
    cleanUp: [],
  });
  session.request([...modules]);
  await session.idle();
  return {
    session,
    events,
    write,
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function outcomesOf(events: readonly HotmodEvent[]): readonly EventOf<'reload:done'>[] {
  return events.filter((event) => event.type === 'reload:done');
}

async function order(session: Session, module: string, kind: number, place: CrashPlace): Promise<void> {
  const text = [String(kind), String(crashPlaces.indexOf(place))];
  await session.call({ module, function: `${module}_order`, args: { text } });
}

/** Has it crash, in the call that was ordered. */
async function provoke(session: Session, module: string, place: CrashPlace): Promise<void> {
  if (place === 'update') return session.step(1);
  if (place === 'view') await session.context.host.views();
  else await session.call({ module, function: `${module}_call`, args: { text: [] } }).catch(() => undefined);
}

/** What the modules say of themselves: frames, their mirror, the last place of the ring, and the sum of all frames. */
async function differences(session: Session, expected: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const wrong: string[] = [];
  const views = await session.context.host.views();
  for (const name of modules) {
    const frames = expected.get(name) ?? 0;
    const wanted = `${frames} ${frames * 7} ${frames} ${(frames * (frames + 1)) / 2}`;
    const text = views.find((one) => one.module === name)?.text ?? '';
    if (text !== wanted) wrong.push(`${name} has ${text} in place of ${wanted}`);
  }
  return wrong;
}
