import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { WarmTools } from '../build/warm/tools.js';
import type { Overrides } from '../config/environment.js';
import { loadConfig } from '../config/load.js';
import { HotmodError, messageOf } from '../errors.js';
import { type Bus, createBus } from '../events/bus.js';
import type { CaseResult, StepResult } from '../report/cases/types.js';
import { createJudge } from '../session/judge.js';
import { createSession, type Session } from '../session.js';
import { isEmulated, type Target } from '../target/targets.js';
import { which } from '../toolchain/which.js';
import { compare } from './compare.js';
import type { FoundCase } from './find.js';
import { judgeStep } from './judge-step.js';
import { baseOf, layStep } from './lay.js';
import { lookInside } from './look-inside.js';
import { type Observed, observe } from './observe.js';
import type { CaseStep, ModuleExpectation } from './schema.js';

export interface CaseSurroundings {
  /** Paths in results are relative to it. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
  /** What the command line says of the machine that cases are built and run for. */
  readonly flags: Pick<Overrides, 'target' | 'cpu'>;
  /** The one that these mean. */
  readonly target: Target;
  /** Shared by all cases, which build the same kinds of things with the same tools. */
  readonly warm?: WarmTools;
}

const defaultTimeoutMs = 60_000;

/**
 * Runs one case in a project of its own in the temporary folder, with a real host in stepped mode: frames run only
 * when the case asks for them, so that it gives the same result every time.
 */
export async function runCase(found: FoundCase, around: CaseSurroundings): Promise<CaseResult> {
  const { reloadCase } = found;
  const file = relative(around.cwd, found.file);
  const steps: StepResult[] = [];
  const base = { name: reloadCase.name, file, steps };
  const absent = await absentOf(reloadCase.needs ?? [], around.env.PATH ?? '');
  if (absent.length > 0) return { ...base, ok: true, skipped: true, message: `needs ${absent.join(' and ')}` };
  const other = reloadCase.notOn?.[around.target.arch] ?? reloadCase.notOn?.[around.target.objectFormat];
  if (other !== undefined) return { ...base, ok: true, skipped: true, message: other };
  const slowness = isEmulated(around.target) ? 5 : 1;
  const timeoutMs = (reloadCase.timeoutMs ?? defaultTimeoutMs) * slowness;
  let session: Session | null = null;
  const judged = around.target.runs.how === 'not';
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-case-')));

  const play = async (): Promise<CaseResult> => {
    const bus = createBus();
    const projectBase = await baseOf(found, root);
    if (judged) return judgeCase(found, { root, projectBase, bus, base, steps }, around);
    for (const [index, step] of reloadCase.steps.entries()) {
      await layStep(found, step, projectBase);
      const observation = observe(bus);
      session ??= await openCaseSession(root, bus, around);
      if (session !== null)
        await playStep(session, reloadCase.module, step, (files) => layStep(found, { files }, projectBase));
      observation.end();
      const observed = observation.of(reloadCase.module);
      const live = await lookInside(session, reloadCase.module, step.expect);
      steps.push({ ...stepResult(observed), state: live.state });
      const wrong = [...wrongIn(step, observed, observation.of, around.target), ...live.wrong];
      if (wrong.length > 0) {
        return {
          ...base,
          line: lineOfStep(found.text, index),
          ok: false,
          message: `Step ${index + 1}: ${wrong.join('\n')}`,
        };
      }
    }
    return { ...base, ok: true, message: '' };
  };

  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<CaseResult>((resolve) => {
    const message = `The case did not end within ${timeoutMs} ms.`;
    timer = setTimeout(() => resolve({ ...base, ok: false, message }), timeoutMs);
  });
  try {
    return await Promise.race([play(), timeout]);
  } catch (error) {
    return { ...base, ok: false, message: `Step ${steps.length + 1}: ${messageOf(error)}` };
  } finally {
    clearTimeout(timer);
    await closeSession(session);
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Played {
  readonly root: string;
  readonly projectBase: string;
  readonly bus: Bus;
  readonly base: Pick<CaseResult, 'name' | 'file' | 'steps'>;
  readonly steps: StepResult[];
}

/** The same for a target whose modules do not run here: every step is built and judged, and its frames are left out. */
async function judgeCase(found: FoundCase, played: Played, around: CaseSurroundings): Promise<CaseResult> {
  const { root, projectBase, bus, base, steps } = played;
  const { reloadCase } = found;
  const { read, env } = caseConfig(root, around);
  const judge = createJudge({ bus, env, cacheDir: around.cacheDir, loadConfig: () => read(true) });
  let checked = 0;
  for (const [index, step] of reloadCase.steps.entries()) {
    await layStep(found, step, projectBase);
    const observation = observe(bus);
    const judgedModules = await judge.judge(step.force ?? false);
    observation.end();
    const observed = observation.of(reloadCase.module);
    const lacking = [...judgedModules.keys(), reloadCase.module].flatMap((name) => observation.of(name).messages);
    const sdk = lacking.find((message) => message.startsWith('HM320'));
    if (sdk !== undefined) return { ...base, ok: true, skipped: true, message: sdk };
    const result = judgeStep(step, reloadCase.module, judgedModules, observation.of);
    const { codes, level } = judgedModules.get(reloadCase.module) ?? observed;
    const own = { ...observed, ...judgedModules.get(reloadCase.module), codes, level };
    const durationMs = Object.values(own.timings).reduce((sum, ms) => sum + ms, 0);
    steps.push({
      ...stepResult({ ...own, durationMs }),
      notRun: { frames: step.frames ?? 0, expectations: result.notRun },
    });
    checked += result.checked;
    if (result.wrong.length > 0) {
      const message = `Step ${index + 1}: ${result.wrong.join('\n')}`;
      return { ...base, line: lineOfStep(found.text, index), ok: false, message };
    }
  }
  if (checked > 0) return { ...base, ok: true, message: '' };
  return { ...base, ok: true, skipped: true, message: 'nothing in it can be judged without running it' };
}

async function absentOf(programs: readonly string[], searchPath: string): Promise<readonly string[]> {
  const files = await Promise.all(programs.map((name) => which(name, searchPath)));
  return programs.filter((_, index) => files[index] === null);
}

/** Null where the configuration of the first step is broken; that has then been said on the bus. */
async function openCaseSession(root: string, bus: Bus, around: CaseSurroundings): Promise<Session | null> {
  const { read, env } = caseConfig(root, around);
  try {
    const config = await read(true);
    return await createSession({
      bus,
      config,
      loadConfig: () => read(false),
      watch: false,
      cacheDir: around.cacheDir,
      env,
      cleanUp: [],
      keepHistory: 'memory',
      retryCrashes: false,
      ...(around.warm === undefined ? {} : { warm: around.warm }),
    });
  } catch (error) {
    if (!(error instanceof HotmodError) || !error.code.startsWith('HM1')) throw error;
    bus.emit({ type: 'config:rejected', file: root, code: error.code, message: error.message });
    return null;
  }
}

function caseConfig(root: string, around: CaseSurroundings) {
  // The user's own HOTMOD_* settings would make a case mean something else on every machine.
  const env = Object.fromEntries(Object.entries(around.env).filter(([name]) => !name.startsWith('HOTMOD_')));
  const read = (requireModules: boolean) =>
    loadConfig({ cwd: root, env, flags: { stepped: true, ...around.flags }, requireModules });
  return { read, env };
}

type Lay = (files: Readonly<Record<string, string>>) => Promise<void>;

async function playStep(session: Session, module: string, step: CaseStep, lay: Lay): Promise<void> {
  const force = step.force ?? false;
  if (step.rollback !== undefined) {
    const targets = Object.entries(step.rollback).map(([name, to]) => ({ module: name, to }));
    await session.rollback(targets, { force });
  } else if (step.during !== undefined) {
    await playDuring(session, module, step.during, force, lay);
  } else {
    await session.refresh({ acceptUnsafe: force });
  }
  await session.idle();
  if (step.frames !== undefined && step.frames > 0) await session.step(step.frames);
  await session.idle();
}

/** Nothing is switched to before this has its turn back, so that what happens meanwhile does so in every run. */
async function playDuring(
  session: Session,
  module: string,
  { files, call = [] }: NonNullable<CaseStep['during']>,
  acceptUnsafe: boolean,
  lay: Lay,
): Promise<void> {
  const release = await session.context.turn();
  try {
    await session.refresh({ acceptUnsafe });
    const built = session.context.bus.next('build:done', (event) => event.module === module && !event.superseded);
    // They wait for the turn too, before the modules that are only being built.
    const called = Promise.all(
      call.map(({ fn, args }) => session.call({ module, function: fn, args: { json: args } })),
    );
    called.catch(() => {}); // Thrown below.
    await built;
    if (files !== undefined) {
      await lay(files);
      session.request([...session.context.records.keys()], { savedAt: Date.now() });
    }
    release();
    await called;
  } finally {
    release();
  }
}

function wrongIn(
  step: CaseStep,
  observed: Observed,
  of: (module: string) => Observed,
  target: Target,
): readonly string[] {
  if (step.expect === undefined) return [];
  const { modules, ...own } = step.expect;
  return [
    ...compare(expectedOn(target, own), observed, 'the module'),
    ...Object.entries(modules ?? {}).flatMap(([name, one]) => compare(expectedOn(target, one), of(name), name)),
  ];
}

/** How long something takes under an emulator says nothing of the machine that it stands for. */
function expectedOn(target: Target, { maxDurationMs, ...rest }: ModuleExpectation): ModuleExpectation {
  return maxDurationMs === undefined || isEmulated(target) ? rest : { ...rest, maxDurationMs };
}

function stepResult(observed: Observed): StepResult {
  const { outcome, level, codes, durationMs, timings } = observed;
  return { outcome, level, codes, state: {}, durationMs, timings };
}

/** The line in which the step with this index begins, found by counting objects in the array of steps; 1-based. */
function lineOfStep(text: string, index: number): number {
  const at = [...text.matchAll(/\{\s*"(?:source|files|remove|force|rollback|during|frames|expect)"/g)].filter(
    (match) => !text.slice(0, match.index).trimEnd().endsWith(':'),
  )[index]?.index;
  return at === undefined ? 1 : text.slice(0, at).split('\n').length;
}

async function closeSession(session: Session | null): Promise<void> {
  try {
    await session?.[Symbol.asyncDispose]();
  } catch {
    session?.kill();
  }
}
