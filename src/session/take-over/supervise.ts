import { rm } from 'node:fs/promises';
import { messageOf } from '../../errors.js';
import { openHost } from '../../host/client.js';
import { type Host, type HostEnd, HostGone, type ModuleFault } from '../../host/host.js';
import type { Context } from '../context.js';
import { versionsInUse } from '../generations/libraries.js';
import { type Accounted, accountForHost } from '../recovery/lost-host.js';
import { type RenewHost, recoverModule, tellEmulatorEnd } from '../recovery/recover.js';
import { countCrash } from '../recovery/restart-intensity.js';
import { recoverySettingsOf } from '../recovery/settings.js';
import { groupsDirOf } from '../run-dir.js';
import { newCopiesFile } from './copies-file.js';
import { createStandby } from './standby.js';
import { type LeftBehind, takeOver } from './take-over.js';

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
  /** Folder for the copies of variables that outlive a host. */
  readonly copiesDir: string;
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
  /** What a host left that nobody has gone on with yet: the next one, too, may end before it has. */
  let untaken: Pick<LeftBehind, 'copiesFile' | 'versions'> | null = null;

  const openOne = async (): Promise<Host> => {
    let own: Host | null = null;
    const isCurrent = (): boolean => own === context.host;
    opened += 1;
    const copiesFile = newCopiesFile(options.copiesDir);
    own = await openHost({
      copiesFile,
      ...context.config.host,
      timeouts: () => context.config.timeouts,
      program: context.hostProgram,
      recovery: recoverySettingsOf(context.config, context.retryOnce),
      baseEnv: context.env,
      engineLibrary: context.engineLibrary,
      runDir: `${options.runDir}/host-${opened}`,
      cleanUp: [options.runDir, ...options.cleanUp],
      groupsDir: groupsDirOf(options.runDir),
      listener: {
        output: (line) => context.bus.emit({ type: 'host:output', ...line }),
        fault: (fault: ModuleFault) => recover(() => recoverModule(context, fault, { isCurrent, renewHost: renew })),
        recovered: context.recoveries.calledAgain,
      },
    });
    const host = own;
    // Of the one that runs it is needed still: `replace` removes it.
    void host.ended.then((end) => (host === context.host && !end.expected ? undefined : removeCopies(host.copiesFile)));
    return host;
  };

  const standby = createStandby({
    isWanted: () => context.config.host.standby && !context.closing,
    settings: () => {
      const { host, recovery } = context.config;
      return JSON.stringify([host, recovery.policy, context.engineLibrary]);
    },
    open: openOne,
  });

  /** It stands still until `begin` has modules run in it. */
  const openFresh = async (): Promise<void> => {
    const spare = await standby.take();
    const host = spare ?? (await openOne());
    if (spare === null) await host.pause();
    context.host = host;
    const { emulator } = context.hostProgram;
    context.bus.emit({ type: 'host:up', pid: host.pid, restarts, ...(emulator === '' ? {} : { emulator }) });
    standby.warm();
    void host.ended.then((end) => {
      if (end.expected || context.closing) return;
      // While it waited for its turn, a policy may have had another one take its place.
      recover(async () => (context.host === host ? replace(host, end) : undefined));
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

  const replace = async (host: Host, end: HostEnd): Promise<void> => {
    // Which of them left the copies is only known from these: a host may end before it answers to a commit.
    const own = { copiesFile: host.copiesFile, versions: [...versionsInUse(context), ...context.arriving.values()] };
    const left = untaken ?? own;
    untaken = left;
    const caused = context.emulatorFaults.caused(end);
    if (caused) tellEmulatorEnd(context, end);
    const { settled, suspects } = caused ? nobodysFault : await accountForHost(context, end);
    if (end.module === '') {
      // Nobody's module is to blame, so only the host itself can be counted.
      const { crashes, tooMany } = countCrash(hostEnds, performance.now(), context.config.host.restart);
      hostEnds = crashes;
      if (tooMany) {
        gaveUp.resolve(`The host process ended too often (last with ${end.how}).`);
        await forgetUntaken();
        await removeCopies(own.copiesFile);
        return;
      }
    }
    try {
      await startOver({ ...left, suspects, because: '' });
      await forgetUntaken();
      settled(true);
    } catch (error) {
      // This one ended too, before all modules ran again. What was left to it is for the next one.
      if (!(error instanceof HostGone)) {
        await forgetUntaken();
        throw error;
      }
      settled(false);
      // By then its own replacement waits for its turn.
      await context.host.ended;
    } finally {
      if (left !== own) await removeCopies(host.copiesFile);
    }
  };

  const forgetUntaken = async (): Promise<void> => {
    const file = untaken?.copiesFile ?? '';
    untaken = null;
    await removeCopies(file);
  };

  const startOver = async (left: LeftBehind): Promise<void> => {
    restarts += 1;
    await openFresh();
    await takeOver(context, left);
    await begin();
  };

  const begin = async (): Promise<void> => {
    if (!context.paused) await context.host.resume();
  };

  /** The host lives, and a policy wants another one: modules that are well may shut down first. */
  const renew: RenewHost = async (because) => {
    await context.host.close();
    await startOver({ copiesFile: '', versions: [], suspects: new Set(), because });
  };

  return {
    async start() {
      await openFresh();
      await begin();
    },
    get busy() {
      return recoveries.size > 0;
    },
    async idle() {
      while (recoveries.size > 0) await Promise.all(recoveries);
    },
    gaveUp: gaveUp.promise,
    killStandby: standby.kill,
    async closeStandby() {
      await standby.close();
      await forgetUntaken();
    },
  };
}

/** An end that an emulator caused is no module's recovery, and no state is the reason. */
const nobodysFault: Accounted = { settled: () => {}, suspects: new Set() };

async function removeCopies(copiesFile: string): Promise<void> {
  if (copiesFile !== '') await rm(copiesFile, { force: true });
}
