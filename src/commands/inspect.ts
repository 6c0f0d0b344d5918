import { ask } from '../control/client.js';
import { type Inspected, socketPath } from '../control/protocol.js';
import { exitCode, HotmodError } from '../errors.js';
import { lineWriter } from '../report/writer.js';
import { inspectLayout } from './inspect-layout.js';
import type { InspectOptions } from './inspect-options.js';
import { valueJson, valueLines } from './inspect-text.js';
import { watchValues } from './inspect-watch.js';
import type { CommandIo } from './io.js';
import { loadProjectOf } from './project.js';
import { signalExitCode } from './signals.js';

/** `hotmod inspect`: live values of the running session, or how types lie in memory. */
export async function inspect(options: InspectOptions, io: CommandIo): Promise<number> {
  const { layout, diff, target } = options;
  if (layout !== null || diff.length > 0) return inspectLayout(options, io);
  if (target === null) throw nothingNamed();

  const config = await loadProjectOf([target], options, io);
  const { path, elements, follow, json } = options;
  const look = async (): Promise<Inspected> => {
    const request = { method: 'inspect', module: target, path, elements, follow } as const;
    const { inspected } = await ask(socketPath(config.outDir), request);
    return inspected ?? { module: target, generation: 0, frame: 0, values: [] };
  };
  if (options.watch) return signalExitCode(await watchValues(look, { json, stop: options.stop }, io));

  const { values } = await look();
  const writer = lineWriter(io.stdout);
  if (json) for (const value of values) writer.line(valueJson(value));
  else for (const line of valueLines(values, io.color)) writer.line(line);
  if (values.length === 0) io.stderr.write(`${target} has no variables.\n`);
  return exitCode.ok;
}

function nothingNamed(): HotmodError {
  return new HotmodError('HM117', 'Say what to inspect.', {
    hint: '"hotmod inspect <module>" shows its variables, "hotmod inspect <module or file> --layout" its types.',
    exitCode: exitCode.usage,
  });
}
