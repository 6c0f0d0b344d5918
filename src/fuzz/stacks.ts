import { writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { openProject } from '../bench/project.js';
import type { EventOf } from '../events/events.js';
import type { Session } from '../session.js';
import { createRandom } from './random.js';
import { type CrashSource, crashSource, kindCount } from './stack-sources.js';

export interface CrashResult {
  readonly build: string;
  readonly kind: string;
  readonly seed: number;
  /** The innermost frame inside the module is the right function at the right line. */
  readonly innermost: boolean;
  /** So is every other call, and none is missing. */
  readonly whole: boolean;
  readonly expected: string;
  readonly told: string;
}

export interface CrashesResult {
  readonly results: readonly CrashResult[];
  /** Frames that another module missed. */
  readonly missed: number;
}

/** One module for each way to build it; its name is that of the build. */
const builds = [
  { module: 'c_o0', language: 'c', flags: ['-O0'] },
  { module: 'c_o2', language: 'c', flags: ['-O2'] },
  { module: 'c_o2_dwarf4', language: 'c', flags: ['-O2', '-gdwarf-4'] },
  { module: 'cpp_o0', language: 'c++', flags: ['-O0'] },
  { module: 'cpp_o2', language: 'c++', flags: ['-O2'] },
] as const;

const frame = 1 / 60;
const steady =
  'static int frames;\nvoid steady_update(double dt);\nvoid steady_update(double dt) { (void)dt; frames++; }\n';
const good = (module: string): string =>
  `void ${module}_update(double dt);\nvoid ${module}_update(double dt) { (void)dt; }\n`;

/**
 * Puts crashes of all kinds into the modules of one session, one after another, and compares what it tells of each with
 * what the source is known to do. A session that does not live through one throws.
 */
export async function injectCrashes(
  count: number,
  seed: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CrashesResult> {
  const files = builds.flatMap(({ module, language, flags }): [string, string][] => [
    [`modules/${module}/module.json`, JSON.stringify({ build: { flags } })],
    [sourceOf(module, language), language === 'c++' ? `extern "C" ${good(module).split('\n')[1]}\n` : good(module)],
  ]);
  const config = { host: { restart: { max: 1_000_000, withinMs: 1 } } };
  await using project = await openProject(
    {
      ...Object.fromEntries(files),
      'modules/steady/steady.c': steady,
      'hotmod.config.json': JSON.stringify(config),
    },
    env,
    { watch: false, stepped: true },
  );
  const crashes: EventOf<'host:crash'>[] = [];
  project.session.context.bus.on((event) => {
    if (event.type === 'host:crash') crashes.push(event);
  });
  const results: CrashResult[] = [];
  let steps = 0;
  for (let n = 0; n < count; n++) {
    const build = builds[n % builds.length];
    if (build === undefined) break;
    const { module, language } = build;
    const number = Math.floor(n / builds.length) % kindCount(language);
    const source = crashSource(createRandom(seed + n), language, number, module);
    await writeFile(join(project.root, sourceOf(module, language)), source.text);
    project.session.request([module]);
    await project.session.idle();
    const before = crashes.length;
    await project.session.step(1, frame);
    steps += 1;
    await project.session.idle();
    const crash = crashes[before];
    if (crash === undefined) throw new Error(`seed ${seed + n}: "${source.kind}" of ${module} did not crash.`);
    results.push(judge(module, source, crash, seed + n));
  }
  return { results, missed: steps - (await framesOf(project.session, 'steady')) };
}

function sourceOf(module: string, language: 'c' | 'c++'): string {
  return `modules/${module}/${module}.${language === 'c' ? 'c' : 'cpp'}`;
}

async function framesOf(session: Session, module: string): Promise<number> {
  const stats = await session.context.host.stats();
  return stats.modules.find((one) => one.module === module)?.frames ?? 0;
}

function judge(build: string, source: CrashSource, crash: EventOf<'host:crash'>, seed: number): CrashResult {
  // Templates of the C++ library lie in the module too.
  const frames = crash.stack.filter((one) => one.module !== '' && !isAbsolute(one.file));
  const [first] = source.calls;
  const [top] = frames;
  const innermost =
    first !== undefined &&
    crash.signal === source.signal &&
    isSame(top?.function ?? '', first.function) &&
    (top?.line ?? 0) >= first.from &&
    (top?.line ?? 0) <= first.to;
  // Of a recursion only its ends are known by number.
  const outer = source.calls.slice(1);
  const rest =
    crash.leftOut === null && source.calls.length === frames.length ? frames.slice(1) : frames.slice(-outer.length);
  const whole =
    innermost &&
    rest.length === outer.length &&
    (crash.leftOut !== null || frames.length === source.calls.length) &&
    outer.every((call, n) => isSame(rest[n]?.function ?? '', call.function) && rest[n]?.line === call.from);
  return {
    build,
    kind: source.kind,
    seed,
    innermost,
    whole,
    expected: `${source.signal} ${source.calls.map((call) => `${call.function}:${call.from}`).join(' ')}`,
    told: `${crash.signal} ${frames
      .slice(0, 12)
      .map((one) => `${one.guessed ? '?' : ''}${one.function}:${one.line}`)
      .join(' ')}`,
  };
}

/** A function of C++ is told with what it stands in, which for a lambda has no name in the source. */
function isSame(told: string, expected: string): boolean {
  return told === expected || told.endsWith(`::${expected}`);
}
