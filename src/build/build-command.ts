import { join } from 'node:path';
import type { ResolvedModule } from '../config/resolved.js';
import type { LastBuild } from './affected.js';
import { runCommand } from './command.js';
import { crossFlags, withoutSdk } from './plan.js';
import type { RawBuild, Shared } from './shared.js';
import { notRun } from './tool-run.js';
import type { BuildRequest } from './types.js';

/** Builds a module that brings its own command: one step, one library taken over. */
export async function buildByCommand(
  module: ResolvedModule,
  command: string,
  output: string,
  request: BuildRequest,
  tempDir: string,
  last: LastBuild | undefined,
  shared: Shared,
): Promise<RawBuild> {
  const { config, env } = shared.options;
  const result = await runCommand(module, command, output, last?.products ?? new Set(), {
    ...shared,
    config,
    tempDir,
    env: commandEnv(module, output, shared),
    baseEnv: env,
    groupsDir: shared.options.groupsDir,
    signal: request.signal,
  });
  if (!result.superseded) request.onProgress(1, 1);
  const { ok, superseded, settled, library, hash, diagnostics, inputs, products, durationMs } = result;
  return {
    ...{ ok, superseded, settled, library, hash, diagnostics, inputs },
    cached: false,
    steps: [{ kind: 'command', file: output, cached: false, ...notRun, durationMs }],
    memory: {
      ...{ ok, inputs, products },
      bySource: new Map(),
      absent: new Set(),
      wanted: new Set(),
      library: ok ? library : (last?.library ?? ''),
    },
  };
}

/** What a command may want to know; the rest of the environment is the user's own. */
function commandEnv(module: ResolvedModule, output: string, shared: Shared): Readonly<Record<string, string>> {
  const { config, toolchain, engineLibrary, publicHeaders } = shared.options;
  return {
    HOTMOD_MODULE: module.name,
    HOTMOD_ROOT: config.root,
    HOTMOD_OUTPUT: output,
    HOTMOD_TARGET: config.target.name,
    HOTMOD_TRIPLE: config.target.triple,
    HOTMOD_TARGET_FLAGS: [
      ...crossFlags(config.target, toolchain),
      ...withoutSdk(shared.options, 'compile', 'link'),
    ].join(' '),
    HOTMOD_CC: toolchain.compiler.path,
    HOTMOD_CXX: toolchain.cxx,
    HOTMOD_INCLUDE: publicHeaders,
    HOTMOD_ENGINE: engineLibrary,
    HOTMOD_CACHE: join(config.outDir, 'cache'),
  };
}
