import { ask } from '../control/client.js';
import { type ControlRequest, socketPath } from '../control/protocol.js';
import { createBus } from '../events/bus.js';
import type { CommandIo } from './io.js';
import { loadProjectOf, type ProjectOptions } from './project.js';
import { openView, type ViewName } from './view.js';

/**
 * Asks the project's session for something that it answers with events, and shows them as they come.
 *
 * @returns the exit code that the session answers with.
 * @throws HotmodError HM521 where no session runs, and whatever the session refuses with.
 */
export async function askAndShow(
  options: ProjectOptions & { readonly view: ViewName },
  request: Extract<ControlRequest, { readonly module: string } | { readonly modules: readonly string[] }>,
  io: CommandIo,
): Promise<number> {
  const modules = 'modules' in request ? request.modules : [request.module];
  const config = await loadProjectOf(modules, options, io);
  const bus = createBus();
  const view = await openView(options.view === 'json' ? 'json' : 'plain', io, bus, null);
  try {
    return (await ask(socketPath(config.outDir), request, (event) => bus.emit(event))).exitCode;
  } finally {
    await view.close();
  }
}
