import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ResolvedModule } from '../config/resolved.js';
import type { Diagnostic } from '../events/events.js';
import { type CompileCommands, compileCommandsOf, writeCompileCommands } from './compile-commands.js';
import { problem } from './diagnostics.js';
import { diskFailure } from './failures.js';
import { findSources } from './sources.js';
import type { BuilderOptions } from './types.js';

export interface CommandsFile {
  /** Brings the file up to date with the sources that the module has now. What it settles with is why that failed. */
  refresh(module: ResolvedModule): Promise<Diagnostic | undefined>;
}

/**
 * Keeps compile_commands.json. Each module is planned again only where its list of sources changed, and the file is
 * written once for all modules whose builds begin together: it tells of every one of them.
 */
export function createCommandsFile(options: BuilderOptions): CommandsFile {
  const { config } = options;
  const listed = new Map<string, string>();
  const known = new Map<string, CompileCommands>();
  let writing: Promise<Diagnostic | undefined> | null = null;

  const commandsOf = (module: ResolvedModule): CompileCommands => {
    const commands = known.get(module.name) ?? compileCommandsOf(module, options);
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
    async refresh(module) {
      if (!config.build.compileCommands) return undefined;
      const sources = findSources(module, config).sources.join('\n');
      if (listed.get(module.name) === sources) return undefined;
      listed.set(module.name, sources);
      known.delete(module.name);
      writing ??= write();
      return writing;
    },
  };
}
