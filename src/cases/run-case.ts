import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { WarmTools } from '../build/warm/tools.js';
import { loadConfig } from '../config/load.js';
import { HotmodError, messageOf } from '../errors.js';
import { type Bus, createBus } from '../events/bus.js';
import type { CaseResult, StepResult } from '../report/cases/types.js';
import { createSession, type Session } from '../session.js';
import { which } from '../toolchain/which.js';
import { compare } from './compare.js';
import type { FoundCase } from './find.js';
import { baseOf, layStep } from './lay.js';
import { lookInside } from './look-inside.js';
import { type Observed, observe } from './observe.js';
import type { CaseStep } from './schema.js';

export interface CaseSurroundings {
  /** Paths in results are relative to it. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
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
  const timeoutMs = reloadCase.timeoutMs ?? defaultTimeoutMs;
  let session: Session | null = null;
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-case-')));

  const play = async (): Promise<CaseResult> => {
    const bus = createBus();
    const projectBase = await baseOf(found, root);
    for (const [index, step] of reloadCase.steps.entries()) {
      await layStep(found, step, projectBase);
      const observation = observe(bus);
      session ??= await openCaseSession(root, bus, around);
      if (session !== null) await playStep(session, step);
      observation.end();
      const observed = observation.of(reloadCase.module);
      const live = await lookInside(session, reloadCase.module, step.expect);
      steps.push({ ...stepResult(observed), state: live.state });
      const wrong = [...wrongIn(step, observed, observation.of), ...live.wrong];
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

async function absentOf(programs: readonly string[], searchPath: string): Promise<readonly string[]> {
  const files = await Promise.all(programs.map((name) => which(name, searchPath)));
  return programs.filter((_, index) => files[index] === null);
}

/** Null where the configuration of the first step is broken; that has then been said on the bus. */
async function openCaseSession(root: string, bus: Bus, around: CaseSurroundings): Promise<Session | null> {
  // The user's own HOTMOD_* settings would make a case mean something else on every machine.
  const env = Object.fromEntries(Object.entries(around.env).filter(([name]) => !name.startsWith('HOTMOD_')));
  const read = (requireModules: boolean) => loadConfig({ cwd: root, env, flags: { stepped: true }, requireModules });
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
      ...(around.warm === undefined ? {} : { warm: around.warm }),
    });
  } catch (error) {
    if (!(error instanceof HotmodError) || !error.code.startsWith('HM1')) throw error;
    bus.emit({ type: 'config:rejected', file: root, code: error.code, message: error.message });
    return null;
  }
}

async function playStep(session: Session, step: CaseStep): Promise<void> {
  await session.refresh({ acceptUnsafe: step.force ?? false });
  await session.idle();
  if (step.frames !== undefined && step.frames > 0) await session.step(step.frames);
  await session.idle();
}

function wrongIn(step: CaseStep, observed: Observed, of: (module: string) => Observed): readonly string[] {
  if (step.expect === undefined) return [];
  const { modules, ...own } = step.expect;
  return [
    ...compare(own, observed, 'the module'),
    ...Object.entries(modules ?? {}).flatMap(([name, expected]) => compare(expected, of(name), name)),
  ];
}

function stepResult(observed: Observed): StepResult {
  const { outcome, level, codes, durationMs, timings } = observed;
  return { outcome, level, codes, state: {}, durationMs, timings };
}

/** The line in which the step with this index begins, found by counting objects in the array of steps; 1-based. */
function lineOfStep(text: string, index: number): number {
  const at = [...text.matchAll(/\{\s*"(?:source|files|remove|force|frames|expect)"/g)].filter(
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
