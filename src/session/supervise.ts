import { messageOf } from '../errors.js';
import { openHost } from '../host/client.js';
import type { Host, HostEnd, ModuleFault } from '../host/host.js';
import type { Context } from './context.js';
import { accountForHost, recoverModule, restartModules, tellEmulatorEnd } from './recover.js';
import { recoverySettingsOf } from './recovery-settings.js';
import { countCrash } from './restart-intensity.js';
import { groupsDirOf } from './run-dir.js';
import { createStandby } from './standby.js';

export interface Supervisor {
  /** Opens the first host and puts it into the context; later ones follow by themselves when one ends. */
  start(): Promise<void>;
  readonly busy: boolean;
  /** Settles when no crash is being dealt with. */
  idle(): Promise<void>;
  /** Settles with the reason when starting again does not help. */
  readonly gaveUp: Promise<string>;
  /** Ends the host that waits to take over; the one that runs is the caller's. */
  killStandby(): void;
  closeStandby(): Promise<void>;
}

export interface SupervisorOptions {
  readonly runDir: string;
  readonly cleanUp: readonly string[];
  /** Called after each recovery. */
  readonly onSettled: () => void;
}

/** Keeps a host running: opens it, hears of crashes, has modules recovered, replaces a host that ended. */
export function createSupervisor(context: Context, options: SupervisorOptions): Supervisor {
  const recoveries = new Set<Promise<void>>();
  const gaveUp = Promise.withResolvers<string>();
  let hostEnds: readonly number[] = [];
  let restarts = 0;
  let opened = 0;

  const openOne = (): Promise<Host> => {
    opened += 1;
    return openHost({
      ...context.config.host,
      program: context.hostProgram,
      recovery: recoverySettingsOf(context.config.host, context.retryOnce),
      baseEnv: context.env,
      engineLibrary: context.engineLibrary,
      runDir: `${options.runDir}/host-${opened}`,
      cleanUp: [options.runDir, ...options.cleanUp],
      groupsDir: groupsDirOf(options.runDir),
      listener: {
        output: (line) => context.bus.emit({ type: 'host:output', ...line }),
        fault: (fault: ModuleFault) => recover(() => recoverModule(context, fault)),
      },
    });
  };

  const standby = createStandby({
    isWanted: () => context.config.host.standby && !context.closing,
    settings: () => JSON.stringify([context.config.host, context.engineLibrary]),
    open: openOne,
  });

  const openFresh = async (): Promise<void> => {
    const spare = await standby.take();
    const host = spare ?? (await openOne());
    if (spare !== null) await spare.resume();
    context.host = host;
    const { emulator } = context.hostProgram;
    context.bus.emit({ type: 'host:up', pid: host.pid, restarts, ...(emulator === '' ? {} : { emulator }) });
    standby.warm();
    void host.ended.then((end) => {
      if (!end.expected && !context.closing) recover(() => replace(end));
    });
  };

  /** Recoveries change the running program, so they take turns with the commits of jobs. */
  const recover = (action: () => Promise<void>): void => {
    const recovery = (async () => {
      const release = await context.turn();
      try {
        if (!context.closing) await action();
      } catch (error) {
        gaveUp.resolve(messageOf(error));
      } finally {
        release();
      }
    })();
    recoveries.add(recovery);
    void recovery.finally(() => {
      recoveries.delete(recovery);
      options.onSettled();
    });
  };

  const replace = async (end: HostEnd): Promise<void> => {
    if (context.emulatorFaults.caused(end)) tellEmulatorEnd(context, end);
    else await accountForHost(context, end);
    if (end.module === '') {
      // Nobody's module is to blame, so only the host itself can be counted.
      const { crashes, tooMany } = countCrash(hostEnds, performance.now(), context.config.host.restart);
      hostEnds = crashes;
      if (tooMany) {
        gaveUp.resolve(`The host process ended too often (last with ${end.how}).`);
        return;
      }
    }
    restarts += 1;
    await openFresh();
    await restartModules(context);
  };

  return {
    start: openFresh,
    get busy() {
      return recoveries.size > 0;
    },
    async idle() {
      while (recoveries.size > 0) await Promise.all(recoveries);
    },
    gaveUp: gaveUp.promise,
    killStandby: standby.kill,
    closeStandby: standby.close,
  };
}
