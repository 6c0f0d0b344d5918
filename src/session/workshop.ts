import { createBuilder } from '../build/builder.js';
import { crossFlags } from '../build/plan.js';
import type { Builder } from '../build/types.js';
import type { ResolvedConfig } from '../config/resolved.js';
import { buildEngine } from '../host/engine-build.js';
import { publicHeadersDir } from '../paths.js';
import { findToolchain } from '../toolchain/find.js';

export interface Workshop {
  readonly builder: Builder;
  /** Empty where modules of the target do not run on this machine. */
  readonly engineLibrary: string;
}

/**
 * Everything that building needs: a toolchain, the engine that modules link against (compiled on first use), and a
 * builder for these settings.
 *
 * @throws HotmodError HM204 to HM206 where the machine has no toolchain, HM530 where the engine cannot be built.
 */
export async function openWorkshop(request: {
  readonly config: ResolvedConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
  /** See `BuilderOptions.groupsDir`. */
  readonly groupsDir?: string;
}): Promise<Workshop> {
  const { config, env, cacheDir, groupsDir } = request;
  const { compiler, linker } = config.build;
  const toolchain = await findToolchain({ compiler, linker, target: config.target, env });
  const engine = {
    compiler: toolchain.compiler.path,
    cacheDir,
    crossFlags: crossFlags(config.target, toolchain),
    ...(config.target.triple === '' ? {} : { doctor: `hotmod doctor --fix --target ${config.target.name}` }),
  };
  // Where modules are only built and judged nobody calls them, and no system is there to build an engine for.
  const engineLibrary = config.target.runs.how === 'not' ? '' : await buildEngine(engine);
  const builder = createBuilder({
    config,
    toolchain,
    engineLibrary,
    publicHeaders: publicHeadersDir,
    env: definedOnly(env),
    ...(groupsDir === undefined ? {} : { groupsDir }),
  });
  return { builder, engineLibrary };
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
