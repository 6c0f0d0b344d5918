import { ask } from '../control/client.js';
import { type Called, type CalledTarget, type ControlRequest, socketPath } from '../control/protocol.js';
import { exitCode } from '../errors.js';
import { lineWriter } from '../report/writer.js';
import { formatValue } from '../values/format.js';
import { cleanLine } from '../view/text.js';
import type { CommandIo } from './io.js';
import { loadProjectOf, type ProjectOptions } from './project.js';

export interface CallOptions extends ProjectOptions {
  readonly module: string;
  readonly function: string;
  /** As they were typed. */
  readonly args: readonly string[];
  readonly json: boolean;
}

/** `hotmod call <module> <function> [args...]`: calls an exported function in the running session and prints its result. */
export async function call(options: CallOptions, io: CommandIo): Promise<number> {
  const { module, function: name, args, json } = options;
  const config = await loadProjectOf([module], options, io);

  const request = { method: 'call' as const, module, function: name, args: [...args] } satisfies ControlRequest;
  const answer = await ask(socketPath(config.outDir), request);
  const { called } = answer;
  if (called === undefined) return answer.exitCode;
  const writer = lineWriter(io.stdout);
  for (const line of json ? [jsonOf(name, called)] : textOf(name, args, called)) writer.line(line);
  return exitCode.ok;
}

/** `{function, type, value, durationMs}`, and `targets` where the function wrote to what arguments point to. */
function jsonOf(name: string, { type, value, durationMs, targets }: Called): string {
  return JSON.stringify({ function: name, type, value, durationMs, ...(targets.length === 0 ? {} : { targets }) });
}

/** `add(2, 3) = 5`, then what the function wrote to. */
function textOf(name: string, args: readonly string[], { type, value, targets }: Called): readonly string[] {
  const made = `${name}(${args.join(', ')})`;
  const result = type === 'void' ? [made] : formatValue(made, value);
  const written = targets.flatMap((target) => formatValue(nameOf(target), target.value, '  '));
  return [...result, ...written].map((line) => cleanLine(line));
}

function nameOf({ argument, name }: CalledTarget): string {
  return name === '' ? `argument ${argument + 1}` : name;
}
