import { cacheDir } from '../config/cache-dir.js';
import { unknownModule } from '../config/modules.js';
import { ask } from '../control/client.js';
import { type ControlRequest, socketPath } from '../control/protocol.js';
import { HotmodError } from '../errors.js';
import { createBus } from '../events/bus.js';
import { dryRun, recallLastGood } from '../session/dry-run.js';
import { newRecord } from '../session/records.js';
import { createModelReader } from '../session/types-of-both.js';
import { openWorkshop } from '../session/workshop.js';
import type { CommandIo } from './io.js';
import { loadProject, type ProjectOptions } from './project.js';
import { openView, type ViewName } from './view.js';

export interface ReloadOptions extends ProjectOptions {
  /** At least one. */
  readonly modules: readonly string[];
  readonly force: boolean;
  readonly rebuild: boolean;
  readonly dryRun: boolean;
  readonly view: ViewName;
}

/**
 * `hotmod reload <modules...>`: has the project's session rebuild and reload modules now, several in one transaction, and
 * shows what comes of it. With `dryRun` only the verdict, for which no session need be running.
 */
export async function reload(options: ReloadOptions, io: CommandIo): Promise<number> {
  const config = await loadProject(options, io);
  const { force, rebuild } = options;
  const modules = [...new Set(options.modules)];
  const names = config.modules.map((one) => one.name);
  const unknown = modules.find((module) => !names.includes(module));
  if (unknown !== undefined) throw unknownModule(unknown, names);

  const bus = createBus();
  const view = await openView(options.view === 'json' ? 'json' : 'plain', io, bus, null);
  try {
    const request: ControlRequest = { method: 'reload', modules, force, rebuild, dryRun: options.dryRun };
    return (await ask(socketPath(config.outDir), request, (event) => bus.emit(event))).exitCode;
  } catch (error) {
    const alone = options.dryRun && error instanceof HotmodError && error.code === 'HM521';
    if (!alone) throw error;
    const { builder, engineLibrary } = await openWorkshop({ config, env: io.env, cacheDir: cacheDir(io.env) });
    const records = new Map(config.modules.map((settings) => [settings.name, newRecord(settings)]));
    const models = createModelReader(config.root, config.target);
    const context = { bus, records, config, builder, engineLibrary, models };
    await recallLastGood(context);
    return await dryRun(context, modules);
  } finally {
    await view.close();
  }
}
