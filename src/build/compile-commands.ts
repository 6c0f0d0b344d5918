import { join } from 'node:path';
import { z } from 'zod';
import type { ResolvedConfig } from '../config/resolved.js';
import { textIn } from '../files/text-in.js';
import { replaceFile } from './objects.js';
import type { BuildPlan } from './plan.js';
import type { BuilderOptions } from './types.js';

const foreignSchema = z.array(z.object({ output: z.string().optional() }));

/** What editors are told of one module's files. */
export type CompileCommands = readonly {
  readonly directory: string;
  readonly file: string;
  readonly arguments: readonly string[];
  readonly output: string;
}[];

export function compileCommandsOf(plan: BuildPlan, options: BuilderOptions): CompileCommands {
  return plan.units.map((unit) => {
    const output = join(options.config.outDir, 'cache', 'objects', `${unit.input.replaceAll('/', '_')}.o`);
    const args = [unit.command, ...unit.flags, '-c', unit.input, '-o', output];
    return { directory: plan.cwd, file: unit.source, arguments: args, output };
  });
}

/**
 * Writes `<root>/compile_commands.json` (JSON Compilation Database Format, clang documentation) from the plans of all
 * modules, so that editors know the flags. Only where its content changes, because language servers re-index on every
 * write; and never over a file that some other build system wrote. True where the file was written.
 */
export function writeCompileCommands(config: ResolvedConfig, entries: CompileCommands): boolean {
  const path = join(config.root, 'compile_commands.json');
  const present = textIn(path);
  if (present !== '' && !isOurs(present, config.outDir)) return false;
  const text = `${JSON.stringify(entries, null, 2)}\n`;
  if (text === present) return false;
  replaceFile(path, text);
  return true;
}

/** Every entry of ours names an output below our own folder. */
function isOurs(text: string, outDir: string): boolean {
  try {
    return foreignSchema.parse(JSON.parse(text)).every((entry) => entry.output?.startsWith(join(outDir, '/')));
  } catch {
    return false;
  }
}
