import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { scenes } from '../demo/scenes.js';
import { playScene, type SceneResult } from '../demo/tour.js';
import { exitCode, HotmodError } from '../errors.js';
import { createBus } from '../events/bus.js';
import { packageRoot } from '../paths.js';
import { sceneText, tourTable } from '../report/tour.js';
import type { Session } from '../session.js';
import type { CommandIo } from './io.js';
import { openSession } from './project.js';
import { listenForSignals, signalExitCode } from './signals.js';

export interface DemoOptions {
  /** Leave the copy of the samples behind. */
  readonly keep: boolean;
  /** One object on stdout in the end; the words for people go to stderr. */
  readonly json: boolean;
}

/** Somebody at a terminal wants to read what will happen before it does. */
const readingMs = 1500;

/**
 * `hotmod demo`: a tour that needs no editor. Starts a session on a copy of the sample city, edits it scene by scene,
 * and says before each what will happen and after each what did. Exit code 0 only if all came as announced.
 */
export async function demo(options: DemoOptions, io: CommandIo): Promise<number> {
  const out = options.json ? io.stderr : io.stdout;
  using signals = listenForSignals(process);
  await using stack = new AsyncDisposableStack();
  const root = await copySamples(stack, options.keep);
  out.write(`A copy of the sample city is started in ${root}\n`);

  const bus = createBus();
  const place = { cwd: root, flags: { polling: false } };
  const session = stack.use(await openSession(place, withoutSettings(io), { bus, watch: true }));
  const { records } = session.context;
  session.request([...records.keys()]);
  await session.idle();
  const missing = [...records.values()].filter((record) => record.running === null);
  if (missing.length > 0) throw doesNotStart(missing.map((record) => record.settings.name));

  const results: SceneResult[] = [];
  for (const [index, scene] of scenes.entries()) {
    out.write(`\n${index + 1}. ${scene.title}\n   ${scene.announcement}\n`);
    const edit = io.interactive
      ? delay(readingMs).then(() => playScene(root, scene, bus))
      : playScene(root, scene, bus);
    const result = await Promise.race([edit, signals.first]);
    if (typeof result === 'string') return signalExitCode(result);
    await session.idle();
    results.push(result);
    out.write(sceneText(result));
    out.write(`    The city: ${await figures(session)}\n`);
  }

  const asAnnounced = results.every((result) => result.asAnnounced);
  out.write(
    `\n${tourTable(results)}\n${asAnnounced ? 'All came as announced.' : 'Something did not come as announced.'}\n`,
  );
  if (options.keep) out.write(`The copy is in ${root}; "hotmod dev --cwd ${root}" goes on with it.\n`);
  if (options.json) io.stdout.write(`${JSON.stringify({ asAnnounced, scenes: results })}\n`);
  return asAnnounced ? exitCode.ok : exitCode.failed;
}

async function copySamples(stack: AsyncDisposableStack, keep: boolean): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-demo-')));
  stack.defer(async () => {
    if (!keep) await rm(root, { recursive: true, force: true, maxRetries: 3 });
  });
  await cp(join(packageRoot, 'modules'), join(root, 'modules'), { recursive: true });
  return root;
}

/** The tour shows hotmod as it comes: the caller's own settings do not belong to it. */
function withoutSettings(io: CommandIo): CommandIo {
  const env = Object.fromEntries(
    Object.entries(io.env).filter(([name]) => !name.startsWith('HOTMOD_') || name === 'HOTMOD_CACHE'),
  );
  return { ...io, env };
}

/** The last line of the drawing: people, money, day. */
async function figures(session: Session): Promise<string> {
  await session.context.host.step(1, 1 / 60);
  const views = await session.context.host.views();
  const city = views
    .find((view) => view.module === 'graphics')
    ?.text.trimEnd()
    .split('\n')
    .at(-1);
  return city?.trim() ?? 'not drawn';
}

function doesNotStart(modules: readonly string[]): HotmodError {
  return new HotmodError('HM116', `The demo could not start ${modules.join(', ')}.`, {
    hint: 'Run "hotmod doctor"; if that is content, "hotmod dev" in a checkout shows what is wrong.',
    exitCode: exitCode.failed,
  });
}
