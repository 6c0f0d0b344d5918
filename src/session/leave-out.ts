import type { Context } from './context.js';
import type { ModuleRecord } from './records.js';
import { emitOutcome } from './reporter.js';

/** One that does not even begin any more is stopped. */
export function leaveOut(
  context: Context,
  record: ModuleRecord,
  { code, message }: { readonly code: string; readonly message: string },
): void {
  const { name } = record.settings;
  const { generation = 0, level = 'SAFE' } = record.running ?? {};
  record.running = null;
  emitOutcome(context, record, {
    outcome: 'failed',
    generation,
    level,
    code,
    message: `${name} could not be started again: ${message}`,
  });
}
