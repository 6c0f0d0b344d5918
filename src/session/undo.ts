import { assess } from '../assess/assess.js';
import type { AssessRequest } from '../assess/types.js';
import { exitCode, HotmodError } from '../errors.js';
import { transact } from '../reload/transact.js';
import { isAcceptable } from './acceptable.js';
import type { Context } from './context.js';
import { apiVersion, loadedModules } from './records.js';
import { emitSwitched } from './reporter.js';
import { readFindings, transferBetween } from './transfer.js';
import { compareVersions } from './types-of-both.js';
import { wayBackOf } from './way-back.js';

/**
 * Goes back to the generation that ran before, as an ordinary reload: the state moves back with it. It runs until
 * the next change on disk.
 *
 * @throws HotmodError HM515 where there is no earlier generation or it cannot be gone back to.
 */
export async function undo(context: Context, module: string): Promise<void> {
  const record = context.records.get(module);
  const { running, previous } = record ?? { running: null, previous: null };
  if (record === undefined || running === null || previous === null) throw nothingBefore(module, 'none was kept');
  const startedAt = performance.now();
  const both = await compareVersions(context.models, running, previous, true);
  const asked: AssessRequest = {
    module,
    version: previous.settings.version,
    findings: [],
    library: previous.file,
    previous: { version: running.settings.version, library: running.file, running: running.loaded },
    loaded: loadedModules(context.records),
    apiVersion,
    root: context.config.root,
    types: both,
    staged: null,
  };
  record.generation += 1;
  context.transactions += 1;
  const result = await transact({
    host: context.host,
    overrule: false,
    candidates: [
      {
        module,
        generation: record.generation,
        library: previous.library,
        entry: previous.settings.entry,
        imports: previous.file.imports,
        patches: previous.file.patches,
        assessment: assess(asked),
        replaces: running.generation,
      },
    ],
    transferOf: (_candidate, facts) => transferBetween(both, running.loaded, facts, false),
    returnOf: (_candidate, facts) => wayBackOf(both, running.loaded, facts),
    confirm: (_candidate, facts, found) => assess({ ...asked, staged: { facts, findings: readFindings(both, found) } }),
    accepts: ({ level }) => isAcceptable(level, false),
  });
  if (result.outcome !== 'switched') throw nothingBefore(module, result.reasons.map((one) => one.message).join(' '));
  const [switched] = result.modules;
  if (switched === undefined) return;
  emitSwitched(context, record, {
    version: {
      ...previous,
      generation: record.generation,
      loaded: switched.facts,
      level: switched.assessment.level,
    },
    assessment: switched.assessment,
    state: switched.state,
    transaction: `t${context.transactions}`,
    durationMs: performance.now() - startedAt,
    timings: { load: switched.loadMs, pause: result.pauseMs, total: performance.now() - startedAt },
  });
}

function nothingBefore(module: string, why: string): HotmodError {
  return new HotmodError('HM515', `${module} cannot go back to an earlier generation: ${why}.`, {
    hint: 'Edit the source back, or restore the file from your version control.',
    exitCode: exitCode.refused,
  });
}
