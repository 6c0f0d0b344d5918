import { createBuilder } from '../build/builder.js';
import type { SharedCache } from '../build/cache/shared-cache.js';
import type { Precompiling } from '../build/pch/precompiled.js';
import { crossFlags } from '../build/plan.js';
import type { Builder } from '../build/types.js';
import type { WarmTools } from '../build/warm/tools.js';
import type { ResolvedConfig } from '../config/resolved.js';
import { buildEngine } from '../host/engine-build.js';
import { publicHeadersDir } from '../paths.js';
import { findToolchain } from '../toolchain/find.js';
import { findLauncher } from '../toolchain/launcher.js';
import { definedOnly } from './environment.js';

export interface Workshop {
  readonly builder: Builder;
  /** Empty where modules of the target do not run on this machine. */
  readonly engineLibrary: string;
}

/**
 * Everything that building needs: a toolchain, the engine that modules link against (compiled on first use), and a
 * builder for these settings.
 *
 * @throws HotmodError HM204 to HM206 where the machine has no toolchain, HM229 where it lacks the launcher, HM530 where the engine cannot be built.
 */
export async function openWorkshop(request: {
  readonly config: ResolvedConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
  /** See `BuilderOptions.groupsDir`. */
  readonly groupsDir?: string;
  /** Compilers and linkers that stay loaded, where there are any. */
  readonly warm?: WarmTools;
  /** See `BuilderOptions.precompiling`. */
  readonly precompiling?: Precompiling;
  /** Objects shared with the user's other projects. Left out: nothing is shared. */
  readonly cache?: SharedCache;
}): Promise<Workshop> {
  const { config, env, cacheDir, groupsDir, warm, precompiling, cache } = request;
  const { compiler, linker, warm: stayLoaded } = config.build;
  const toolchain = await findToolchain({
    ...{ compiler, linker, env },
    target: config.target,
    // By the settings alone: a dry run, which keeps nothing loaded, must find what a session has built.
    warm: stayLoaded,
  });
  const launcher = await findLauncher(config.build.launcher, env);
  const engine = {
    compiler: toolchain.compiler.path,
    cacheDir,
    objectFormat: config.target.objectFormat,
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
    launcher,
    env: definedOnly(env),
    ...(groupsDir === undefined ? {} : { groupsDir }),
    ...(precompiling === undefined ? {} : { precompiling }),
    ...(cache === undefined ? {} : { cache }),
    ...(warm === undefined || !stayLoaded ? {} : { run: warm.runWith(toolchain.compiler.path) }),
  });
  return { builder, engineLibrary };
}
