import type { Host } from '../../host/host.js';

/** A host that has been started and waits, without modules, for the one that runs to end. */
export interface Standby {
  /** Starts one in a while, unless there is one; failures are left for the moment a host is needed. */
  warm(): void;
  /** Hands over the one that waits; null where none is ready, or it was started with other settings. */
  take(): Promise<Host | null>;
  kill(): void;
  close(): Promise<void>;
}

export interface StandbyOptions {
  readonly isWanted: () => boolean;
  /** What a host is started with, as text: one of other settings is of no use. */
  readonly settings: () => string;
  readonly open: () => Promise<Host>;
}

/** The session's own start, and the one after a crash, come first. */
const delayMs = 1500;

interface Waiting {
  readonly host: Host;
  readonly settings: string;
}

export function createStandby({ isWanted, settings, open }: StandbyOptions): Standby {
  let waiting: Promise<Waiting | null> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  const start = async (): Promise<Waiting | null> => {
    const with_ = settings();
    const host = await open().catch(() => null);
    if (host === null) return null;
    // Its clock would run frames without modules.
    await host.pause().catch(() => undefined);
    const own = { host, settings: with_ };
    void host.ended.then(async () => {
      if ((await waiting) === own) waiting = null;
    });
    return own;
  };

  const closeOne = async (): Promise<void> => {
    const one = await waiting;
    waiting = null;
    await one?.host.close();
  };

  return {
    warm() {
      if (closed || timer !== null || waiting !== null || !isWanted()) return;
      timer = setTimeout(() => {
        timer = null;
        if (!closed && isWanted()) waiting ??= start();
      }, delayMs);
      timer.unref();
    },
    async take() {
      const one = waiting === null ? null : await waiting;
      waiting = null;
      if (one === null) return null;
      if (one.settings !== settings()) {
        await one.host.close();
        return null;
      }
      // It may have ended, and the word of it be on its way still. The state of the one before would be lost with it.
      return one.host.stats().then(
        () => one.host,
        () => null,
      );
    },
    kill() {
      closed = true;
      void waiting?.then((one) => one?.host.kill());
    },
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await closeOne();
    },
  };
}
