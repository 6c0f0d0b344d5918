import { join } from 'node:path';
import { watch as chokidar, type FSWatcher } from 'chokidar';
import { comesToRest, readContent } from './content.js';
import type { IgnoreTest } from './ignore.js';

export interface WatchRequest {
  /** Folders, watched with all that lies in them, and single files; absolute. They need not exist yet. */
  readonly paths: readonly string[];
  readonly ignore: IgnoreTest;
  readonly polling: boolean;
  readonly pollIntervalMs: number;
  /** Called for every change of content, in the order they were read. */
  readonly onChange: (change: FileChange) => void;
  readonly onError: (error: Error) => void;
}

/** `structure` is true where a file or folder appeared or went, so that modules may have come or gone. */
export interface FileChange {
  readonly path: string;
  readonly structure: boolean;
  /** When the file was written, milliseconds since the epoch. */
  readonly savedAt: number;
}

export interface Watcher extends AsyncDisposable {
  /**
   * Watches single files more, such as headers outside the watched folders, from the content they were built with
   * on. Known ones are left as they are.
   */
  add(files: ReadonlyMap<string, string>): void;
  /** The content hash last seen: null for a file that is gone, undefined for one that was never seen. */
  hashOf(path: string): string | null | undefined;
  /** Reads these files again now and reports what changed, whatever the file system told. */
  recheck(paths: readonly string[]): Promise<void>;
}

/** A second look this long after the last sign of life of a file, for events that were folded into one. */
const secondLookMs = 80;

/**
 * Watches by content. Every event is only a hint that a file may have changed; the file is read and compared with
 * what was last seen, so a touch is nothing and a revert is a change. Resolves when everything that is there has been
 * read once: whatever changes after that is reported.
 */
export async function watch(request: WatchRequest): Promise<Watcher> {
  const seen = new Map<string, string | null>();
  const looks = new Map<string, NodeJS.Timeout>();
  const reading = new Map<string, Promise<void>>();
  const resting = new Set<string>();
  let ready = false;

  const watcher: FSWatcher = chokidar([...request.paths], {
    backend: request.polling ? 'polling' : 'auto',
    pollingInterval: request.pollIntervalMs,
    ignored: (path, stats) => request.ignore(path, stats?.isDirectory() ?? false),
    ignorePermissionErrors: true,
  });

  /** One reading at a time for a file, so that an older content can never be reported after a newer one. */
  const look = (path: string, structure: boolean): Promise<void> => {
    const turn = (reading.get(path) ?? Promise.resolve()).then(async () => {
      const content = readContent(path);
      const before = seen.get(path);
      if (before === content.hash) return;
      seen.set(path, content.hash);
      if (ready || before !== undefined) request.onChange({ path, structure, savedAt: content.savedAt });
    });
    reading.set(path, turn);
    void turn.finally(() => {
      if (reading.get(path) === turn) reading.delete(path);
    });
    return turn;
  };

  const lookIfPresent = async (path: string): Promise<void> => {
    if (readContent(path).hash !== null) await look(path, false);
  };

  /**
   * The watcher reads the folder again and compares times before it tells of a change, which takes longer than to see
   * for oneself. What is not seen here is left to it: an empty file, one that is gone, one that is new.
   */
  const lookAtOnce = async (path: string): Promise<void> => {
    if (!seen.get(path) || resting.has(path)) return;
    resting.add(path);
    const rests = await comesToRest(path).catch(() => false);
    resting.delete(path);
    if (rests) await look(path, false);
  };

  const lookAgainLater = (path: string): void => {
    clearTimeout(looks.get(path));
    const timer = setTimeout(() => {
      looks.delete(path);
      // A file that is missing for a moment is being replaced; if it stays away, the watcher says so itself.
      if (seen.get(path)) void lookIfPresent(path);
    }, secondLookMs);
    looks.set(path, timer);
  };

  watcher.on('all', (event, path) => {
    if (event === 'addDir' || event === 'unlinkDir') {
      if (ready) request.onChange({ path, structure: true, savedAt: Date.now() });
      return;
    }
    void look(path, event !== 'change');
    if (ready) lookAgainLater(path);
  });
  watcher.on('raw', (_event, name, details) => {
    const path = pathOf(name, details);
    if (!ready || path === null || !seen.has(path)) return;
    void lookAtOnce(path);
    lookAgainLater(path);
  });
  watcher.on('error', (error) => request.onError(error instanceof Error ? error : new Error(String(error))));

  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
  await Promise.all(reading.values());
  ready = true;

  return {
    add(files) {
      const fresh = [...files].filter(([file]) => !seen.has(file));
      for (const [file, hash] of fresh) seen.set(file, hash);
      if (fresh.length > 0) watcher.add(fresh.map(([file]) => file));
    },
    hashOf: (path) => seen.get(path),
    recheck: async (paths) => {
      await Promise.all(paths.filter((path) => seen.has(path)).map((path) => look(path, false)));
    },
    async [Symbol.asyncDispose]() {
      for (const timer of looks.values()) clearTimeout(timer);
      await watcher.close();
    },
  };
}

/** The path a raw event is about. Its shape is the backend's own, so nothing is taken for granted. */
function pathOf(name: unknown, details: unknown): string | null {
  if (typeof name !== 'string' || typeof details !== 'object' || details === null) return null;
  const watched = 'watchedPath' in details ? details.watchedPath : undefined;
  return typeof watched === 'string' ? join(watched, name) : null;
}
