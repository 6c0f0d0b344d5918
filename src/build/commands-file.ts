import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ResolvedModule } from '../config/resolved.js';
import type { Diagnostic } from '../events/events.js';
import { type CompileCommands, compileCommandsOf, writeCompileCommands } from './compile-commands.js';
import { problem } from './diagnostics.js';
import { diskFailure } from './failures.js';
import { type BuildPlan, planModule } from './plan.js';
import type { BuilderOptions } from './types.js';

export interface CommandsFile {
  /** Brings the file up to date with the sources that a module is planned with. What it settles with is why that failed. */
  refresh(plan: BuildPlan): Promise<Diagnostic | undefined>;
}

/**
 * Keeps compile_commands.json. It changes where the list of sources of a module does, and is written once for all modules
 * whose builds begin together: it tells of every one of them. Those that nobody has planned yet are planned for it.
 */
export function createCommandsFile(options: BuilderOptions): CommandsFile {
  const { config } = options;
  const listed = new Map<string, string>();
  const known = new Map<string, CompileCommands>();
  let writing: Promise<Diagnostic | undefined> | null = null;

  const commandsOf = (module: ResolvedModule): CompileCommands => {
    // What a command of its own builds nobody here knows the flags of.
    if (module.build.command !== null) return [];
    const commands = known.get(module.name) ?? compileCommandsOf(planModule(module, options), options);
    known.set(module.name, commands);
    return commands;
  };

  const write = async (): Promise<Diagnostic | undefined> => {
    await nextTurn();
    writing = null;
    try {
      writeCompileCommands(config, config.modules.flatMap(commandsOf));
      return undefined;
    } catch (error) {
      const diagnostic = diskFailure(error, config.root);
      if (diagnostic === undefined) throw error;
      return problem('HM210', `compile_commands.json was not written: ${diagnostic.message}`, { severity: 'warning' });
    }
  };

  return {
    async refresh(plan) {
      if (!config.build.compileCommands) return undefined;
      const { module } = plan;
      const sources = plan.units.map(({ source }) => source).join('\n');
      if (listed.get(module.name) === sources) return undefined;
      listed.set(module.name, sources);
      known.set(module.name, compileCommandsOf(plan, options));
      writing ??= write();
      return writing;
    },
  };
}
