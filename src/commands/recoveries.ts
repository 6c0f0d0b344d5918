import { unknownModule } from '../config/modules.js';
import { ask } from '../control/client.js';
import { socketPath } from '../control/protocol.js';
import { exitCode } from '../errors.js';
import { lineWriter } from '../report/writer.js';
import { recoveryText } from '../view/recovery-text.js';
import type { CommandIo } from './io.js';
import { loadProject, type ProjectOptions } from './project.js';

export interface RecoveriesOptions extends ProjectOptions {
  /** Null for all. */
  readonly module: string | null;
  readonly json: boolean;
}

/** `hotmod history [module] --recoveries`: what became of the crashes of the running session. */
export async function recoveries(options: RecoveriesOptions, io: CommandIo): Promise<number> {
  const { module, json } = options;
  const config = await loadProject(options, io, false);
  const statistics = (await ask(socketPath(config.outDir), { method: 'recoveries' })).recoveries;
  if (statistics === undefined) return exitCode.missing;
  const names = config.modules.map((one) => one.name);
  const own = module === null ? statistics : (statistics.modules[module] ?? null);
  if (own === null && module !== null && !names.includes(module)) throw unknownModule(module, names);

  const writer = lineWriter(io.stdout);
  if (json) writer.line(JSON.stringify(own));
  else if (own === null || own.crashes === 0)
    io.stderr.write(`Nothing crashed${module === null ? '' : ` in ${module}`} since the session began.\n`);
  else if (module !== null) writer.line(`${module}: ${recoveryText(own)}`);
  else {
    for (const [name, counts] of Object.entries(statistics.modules))
      writer.line(`${name === '' ? 'the host itself' : name}: ${recoveryText(counts)}`);
    writer.line(`in all: ${recoveryText(statistics)}`);
  }
  return exitCode.ok;
}
