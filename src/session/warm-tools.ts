import { runProcess } from '../build/run.js';
import { buildWarmLibrary } from '../build/warm/library.js';
import { createWarmTools, type WarmTools } from '../build/warm/tools.js';
import type { SessionEvent } from '../events/events.js';
import { definedOnly } from './environment.js';

/** Compilers and linkers that stay loaded until it is disposed of; none is started before it is wanted. */
export function openWarmTools(around: {
  readonly cacheDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told when it is given up. */
  say(event: SessionEvent): void;
}): WarmTools {
  const env = definedOnly(around.env);
  return createWarmTools({
    plain: runProcess,
    library: (compiler) => buildWarmLibrary({ compiler, env, cacheDir: around.cacheDir, run: runProcess }),
    onProblem: (problem) => around.say({ type: 'session:problem', ...problem }),
  });
}
