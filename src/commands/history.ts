import { unknownModule } from '../config/modules.js';
import type { ResolvedConfig } from '../config/resolved.js';
import { ask } from '../control/client.js';
import { type Past, type PastRequest, socketPath } from '../control/protocol.js';
import { exitCode, HotmodError } from '../errors.js';
import { openJournalReader } from '../journal/open-reader.js';
import { lineWriter } from '../report/writer.js';
import { journalFile } from '../session/generations/history.js';
import { readPast } from '../session/take-over/past.js';
import { paint } from '../view/ansi.js';
import { glyphsFor } from '../view/glyphs.js';
import { differenceLines, patchOf } from './history-diff.js';
import { pastLines } from './history-text.js';
import type { CommandIo } from './io.js';
import { loadProject, noteEmulator, type ProjectOptions } from './project.js';
import { speaksUtf8 } from './view.js';

export interface HistoryOptions extends ProjectOptions {
  /** Null for all. */
  readonly module: string | null;
  readonly limit: number;
  /** A generation whose changes of the source are shown; null for the list. */
  readonly diff: number | null;
  readonly json: boolean;
}

/**
 * `hotmod history [module]`: what became of each version, newest first; with `diff`, what one changed in the source. Asks
 * the running session, which may know more than the disk, and reads the journal itself where none runs.
 */
export async function history(options: HistoryOptions, io: CommandIo): Promise<number> {
  const { module, limit, diff, json } = options;
  if (diff !== null && module === null) throw noModule();
  const config = await loadProject(options, io, false);
  const names = config.modules.map((one) => one.name);
  const past = await readOrAsk(config, { module, limit, diff });
  // A module that is gone from the project still has its past.
  if (module !== null && past.entries.length === 0 && past.difference === null && !names.includes(module))
    throw unknownModule(module, names);

  const writer = lineWriter(io.stdout);
  const glyphs = glyphsFor(speaksUtf8(io.env));
  if (past.difference !== null) {
    const { difference } = past;
    if (json) writer.line(JSON.stringify({ module, ...patchOf(difference) }));
    else for (const line of differenceLines(difference)) writer.line(paint(line, io.color));
    return exitCode.ok;
  }
  if (json) for (const entry of past.entries) writer.line(JSON.stringify(entry));
  else for (const line of pastLines(past.entries, glyphs)) writer.line(paint(line, io.color));
  if (past.entries.length > 0) noteEmulator(config, io);
  if (past.entries.length === 0) io.stderr.write('Nothing happened yet: the history begins with the first session.\n');
  return exitCode.ok;
}

async function readOrAsk(config: ResolvedConfig, request: PastRequest): Promise<Past> {
  const nothing: Past = { entries: [], difference: null };
  try {
    return (await ask(socketPath(config.outDir), { method: 'history', ...request })).past ?? nothing;
  } catch (error) {
    // None runs, or it is starting or ending at this moment.
    if (!(error instanceof HotmodError) || !['HM521', 'HM522'].includes(error.code)) throw error;
  }
  using journal = openJournalReader(journalFile(config.outDir), config.keepGenerations);
  return journal === null ? nothing : readPast(journal, new Map(), request);
}

function noModule(): HotmodError {
  return new HotmodError('HM103', '--diff needs the module that the generation is of.', {
    hint: '"hotmod history <module> --diff 3" shows what generation 3 of it changed.',
    exitCode: exitCode.usage,
  });
}
