import { sep } from 'node:path';
import type { Builder } from '../build/types.js';
import type { ResolvedConfig } from '../config/resolved.js';
import { exitCode, HotmodError } from '../errors.js';
import type { Job } from '../reload/queue.js';
import { applyConfig, differs } from './configure.js';
import type { Context } from './context.js';
import { unmetNeeds } from './needs.js';
import { problemOf } from './problem.js';

export interface RequestOptions {
  /** Reload even where nothing changed. */
  readonly force?: boolean;
  /** Accept an UNSAFE verdict. */
  readonly acceptUnsafe?: boolean;
  /** Run the compiler even where the cache has the answer. */
  readonly rebuild?: boolean;
  /** When the save was written that led here, milliseconds since the epoch. */
  readonly savedAt?: number;
}

/** A request of the session's own. */
export interface JobOptions extends RequestOptions, Partial<Pick<Job, 'together' | 'edit' | 'since' | 'conflicts'>> {}

export interface ConfigReader {
  /**
   * Reads the configuration now and takes it over; a broken one is reported and the old one stays. `changed` is the
   * file that changed, where it is one of the configuration's own.
   */
  read(wanted: JobOptions, changed?: string): Promise<void>;
  readonly busy: boolean;
  idle(): Promise<void>;
}

/**
 * Reads the configuration again when it may have changed, one reading at a time: an edit while it is being read makes
 * it be read once more, so that what applies is what is on disk.
 */
export function createConfigReader(
  context: Context,
  use: {
    /** Throws HotmodError where the configuration is broken. */
    readonly load: () => Promise<ResolvedConfig>;
    readonly openBuilder: (config: ResolvedConfig) => Promise<Builder>;
    /** Watches what the new configuration says, in place of what the old one said. */
    readonly watchAgain: (config: ResolvedConfig) => Promise<void>;
    readonly request: (modules: readonly string[], wanted: JobOptions) => void;
  },
): ConfigReader {
  let reading: Promise<void> | null = null;
  let again = false;
  let rejected = false;

  const take = async (wanted: JobOptions, cause: string | undefined): Promise<void> => {
    const before = context.config;
    const file = cause ?? before.file ?? before.root;
    try {
      const after = await use.load();
      // What was turned down is gone again: whoever shows it must learn that, although nothing else has changed.
      if (rejected && !differs(before, after)) context.bus.emit({ type: 'config:applied', file, changed: [] });
      if (before.target.name !== after.target.name) throw otherTarget(before, after);
      rejected = false;
      if (!differs(before, after)) return;
      // A builder knows its modules and their settings, so a new configuration needs a new one; what each module was
      // built from it learns by building all of them, which costs next to nothing where the cache has the answers.
      context.builder = await use.openBuilder(after);
      context.config = after;
      const changed = await applyConfig(context, before, after);
      if (differs(watchedParts(before), watchedParts(after))) await use.watchAgain(after);
      context.bus.emit({ type: 'config:applied', file: after.file ?? file, changed });
      for (const problem of unmetNeeds(context.records)) context.bus.emit({ type: 'session:problem', ...problem });
      const present = [...context.records.values()].filter((record) => !record.orphaned);
      use.request(
        present.map((record) => record.settings.name),
        wanted,
      );
    } catch (error) {
      rejected = true;
      const { code, message } = problemOf(error);
      // Below the project's folder a file is known without it, and the line is long enough.
      context.bus.emit({ type: 'config:rejected', file, code, message: message.replaceAll(before.root + sep, '') });
    }
  };

  return {
    read(wanted, changed) {
      if (reading !== null) {
        again = true;
        return reading;
      }
      reading = (async () => {
        do {
          again = false;
          await take(wanted, changed);
        } while (again);
      })().finally(() => {
        reading = null;
      });
      return reading;
    },
    get busy() {
      return reading !== null;
    },
    idle: () => reading ?? Promise.resolve(),
  };
}

/** What runs cannot move to another machine, and its libraries lie in another folder. */
function otherTarget(before: ResolvedConfig, after: ResolvedConfig): HotmodError {
  const message = `The target is ${after.target.name} now, and this session runs modules for ${before.target.name}.`;
  return new HotmodError('HM127', message, { hint: 'End the session and start it again.', exitCode: exitCode.usage });
}

/** What decides which files are watched, and how. */
function watchedParts({ watch, modulePatterns, configFiles }: ResolvedConfig): readonly unknown[] {
  return [watch, modulePatterns, configFiles.filter((file) => !file.endsWith('module.json'))];
}
