import type { ResolvedConfig } from '../config/resolved.js';
import { HotmodError } from '../errors.js';
import type { Bus } from '../events/bus.js';
import type { Level, Outcome, Timings } from '../events/events.js';
import { prepareVerdicts, takeVersion } from './dry-run.js';
import { inLoadOrder } from './order.js';
import type { Prepared } from './prepare.js';
import { type ModuleRecord, newRecord, type Version } from './records.js';
import { createModelReader, type ModelReader } from './types-of-both.js';
import { openWorkshop } from './workshop.js';

export interface JudgeOptions {
  readonly bus: Bus;
  /** Reads the configuration; throws HotmodError where it is broken. */
  readonly loadConfig: () => Promise<ResolvedConfig>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
}

/** What would become of a module, as far as files say. */
export interface Judged {
  /** `loaded` and `reloaded` say that it would be tried. */
  readonly outcome: Outcome | 'unchanged';
  readonly level: Level;
  readonly codes: readonly string[];
  readonly messages: readonly string[];
  readonly timings: Timings;
  /** Why the verdict is not the last word: it also depends on what only running code shows. Null where it is. */
  readonly open: string | null;
  /** Takes the new version for the one that runs from now on. */
  take(): void;
}

/** A project for a machine that is not here: its modules are built, validated and assessed, and never run. */
export interface Judge {
  /** Everything that is on disk now, by module. Empty where the configuration is broken, which is said on the bus. */
  judge(acceptUnsafe: boolean): Promise<ReadonlyMap<string, Judged>>;
}

export function createJudge({ bus, loadConfig, env, cacheDir }: JudgeOptions): Judge {
  const records = new Map<string, ModuleRecord>();
  let models: ModelReader | null = null;
  return {
    async judge(acceptUnsafe) {
      const config = await readConfig(loadConfig, bus);
      if (config === null) return new Map();
      for (const settings of config.modules) {
        const known = records.get(settings.name);
        if (known === undefined) records.set(settings.name, newRecord(settings));
        else known.settings = settings;
      }
      models ??= createModelReader(config.root, config.target);
      const { builder, engineLibrary } = await openWorkshop({ config, env, cacheDir });
      const context = { bus, records, config, builder, engineLibrary, models };
      const names = new Set(config.modules.map(({ name }) => name));
      const wanted = inLoadOrder(
        [...records.values()].filter(({ settings }) => names.has(settings.name)),
        ({ settings }) => settings,
      );
      const prepared = await prepareVerdicts(context, wanted, { force: false, acceptUnsafe });
      const stopped = wanted.filter((_, n) => prepared[n]?.kind === 'stopped');
      return new Map(
        wanted.flatMap((record, n) => {
          const one = prepared[n];
          const held = record.running !== null && stopped.some((other) => other !== record);
          return one === undefined ? [] : [[record.settings.name, judgedOf(record, one, held)]];
        }),
      );
    },
  };
}

async function readConfig(load: JudgeOptions['loadConfig'], bus: Bus): Promise<ResolvedConfig | null> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof HotmodError) || !error.code.startsWith('HM1')) throw error;
    bus.emit({ type: 'config:rejected', file: '', code: error.code, message: error.message });
    return null;
  }
}

/** @param held another module of the same save was stopped, and those that run are switched together. */
function judgedOf(record: ModuleRecord, prepared: Prepared, held: boolean): Judged {
  const before = record.running;
  const nothing = { codes: [], messages: [], timings: {}, open: null, take: () => undefined } as const;
  switch (prepared.kind) {
    case 'superseded':
    case 'unchanged':
      return {
        ...nothing,
        outcome: 'unchanged',
        level: 'SAFE',
        open: 'the build gives the library that is there already',
      };
    case 'stopped': {
      const { outcome, level, reasons, timings } = prepared;
      return {
        ...nothing,
        outcome,
        level,
        ...wordsOf(reasons),
        timings,
        open: level === 'BLOCKED' ? null : openHooks(before),
      };
    }
    case 'ready': {
      const { assessment, both, timings } = prepared;
      const { level, reasons } = assessment;
      const changes = [...(both?.state.changes ?? []), ...(both?.state.saved?.changes ?? [])];
      const checks = both?.state.plan?.checks ?? both?.state.saved?.plan?.checks ?? [];
      const looksAtValues = checks.length > 0 || changes.some(({ check }) => check !== null);
      const open =
        openHooks(before) ?? (looksAtValues ? 'live values have a say' : held ? 'another module was stopped' : null);
      return {
        outcome: before === null ? 'loaded' : 'reloaded',
        level,
        ...wordsOf(reasons),
        timings,
        open,
        take: () => takeVersion(record, prepared),
      };
    }
    default: {
      const unknown: never = prepared;
      throw new Error(`judge: ${JSON.stringify(unknown)}`);
    }
  }
}

/** The hooks of an interface-style module stand in a table that only its code returns. */
function openHooks(before: Version | null): string | null {
  return before?.file.entry.getInterface == null ? null : 'its hooks show only when it runs';
}

function wordsOf(reasons: readonly { readonly code: string; readonly message: string }[]) {
  return {
    codes: reasons.map(({ code }) => code),
    messages: reasons.map(({ code, message }) => `${code}: ${message}`),
  };
}
