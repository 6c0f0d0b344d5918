import { join } from 'node:path';
import { socketPath } from '../control/protocol.js';
import { serveControl } from '../control/server.js';
import { exitCode } from '../errors.js';
import { type Bus, createBus } from '../events/bus.js';
import type { EventType } from '../events/events.js';
import { type LogLevel, openLog } from '../log.js';
import { packageVersion } from '../paths.js';
import { writeLastGood } from '../session/generations/last-good.js';
import type { Session } from '../session.js';
import type { Target } from '../target/targets.js';
import { devActions } from './dev-actions.js';
import { answerRequests } from './dev-control.js';
import { giveBackMemory, growYoungMemoryFast } from './dev-memory.js';
import type { CommandIo } from './io.js';
import { loadProject, openSession, type ProjectOptions } from './project.js';
import { listenForSignals, signalExitCode } from './signals.js';
import { openView, type ViewName } from './view.js';

export interface DevOptions extends ProjectOptions {
  readonly view: ViewName;
  readonly logLevel: LogLevel;
}

/** Milliseconds between two looks at the running program. Plain text has nothing that changes in place. */
const liveIntervals: Readonly<Record<ViewName, number>> = { ink: 250, json: 1000, plain: 0 };

/**
 * `hotmod dev`: watches, builds, judges and reloads until it is told to end. The first signal ends it cleanly, a
 * second one at once.
 */
export async function dev(options: DevOptions, io: CommandIo): Promise<number> {
  growYoungMemoryFast();
  const config = await loadProject(options, io);
  const socket = socketPath(config.outDir);
  const bus = createBus();
  let session: Session | null = null;

  await using stack = new AsyncDisposableStack();
  stack.use(await serveControl(socket, (request, answer) => answerRequests(session, request, answer)));
  const logFile = openSessionLog(stack, bus, join(config.outDir, 'hotmod.log'), options.logLevel);
  const signals = stack.use(listenForSignals(process));
  const quit = Promise.withResolvers<void>();
  const actions = devActions(() => session, bus, { quit: quit.resolve, interrupt: () => signals.force('SIGINT') });
  const view = await openView(options.view, io, bus, actions);
  stack.defer(() => view.close());
  // From here on, while the session is still being opened too: a first build of the engine takes its time.
  signals.onSecond((signal) => {
    session?.kill();
    view.kill();
    process.exit(signalExitCode(signal));
  });

  bus.emit({
    type: 'session:start',
    version: packageVersion(),
    pid: process.pid,
    cwd: config.root,
    target: config.target.name,
    ...(config.otherTargets.length === 0 ? {} : { otherTargets: config.otherTargets.map(({ name }) => name) }),
    ...emulatorOf(config.target),
    modules: config.modules.map((module) => module.name),
    logFile,
  });
  const opened = await openSession(options, io, { bus, config, watch: true });
  session = opened;
  rememberLastGood(opened);
  stack.defer(giveBackMemory(bus));
  opened.watchState(actions.watched());
  const interval = liveIntervals[options.view];
  const stopLive = interval > 0 ? opened.live(interval) : () => {};
  opened.request(config.modules.map((module) => module.name));

  const ending = await Promise.race([
    signals.first.then((signal) => ({ reason: signal, code: signalExitCode(signal) })),
    quit.promise.then(() => ({ reason: 'quit', code: exitCode.ok })),
    opened.gaveUp.then((reason) => ({ reason, code: exitCode.crashed })),
    view.gone.then(() => ({ reason: 'the terminal was closed', code: signalExitCode('SIGHUP') })),
  ]);
  stopLive();
  await opened[Symbol.asyncDispose]();
  bus.emit({ type: 'session:end', reason: ending.reason });
  return ending.code;
}

function emulatorOf({ runs }: Target): { readonly emulator?: string } {
  return runs.how === 'emulated' ? { emulator: runs.emulator.program } : {};
}

/** They only show the running program. */
const routineEvents: ReadonlySet<EventType> = new Set(['host:stats', 'module:view', 'module:state', 'build:progress']);

/** Everything that happens goes to the log too; what only shows the running program, at its finest level. */
function openSessionLog(stack: AsyncDisposableStack, bus: Bus, file: string, level: LogLevel): string {
  const log = openLog(file, level);
  bus.on((event) => {
    const routine = routineEvents.has(event.type);
    log.logger[routine ? 'trace' : 'info'](event);
  });
  stack.defer(() => log.close());
  return log.file;
}

/** Notes what runs after every change, one write at a time, for verdicts without a session. */
function rememberLastGood(session: Session): void {
  const { bus, records, config } = session.context;
  let writing: Promise<void> = Promise.resolve();
  bus.on((event) => {
    if (event.type !== 'session:idle') return;
    // It is only a convenience: where it cannot be written, the next verdict without a session has less to go by.
    writing = writing.then(() => writeLastGood(config.outDir, records.values())).catch(() => {});
  });
}
