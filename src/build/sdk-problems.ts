import type { Diagnostic } from '../events/events.js';
import { problem } from './diagnostics.js';
import { missingSdk } from './plan.js';
import type { BuilderOptions } from './types.js';

/**
 * HM320 where a build failed because the target's system is not there: a header in angle brackets that was not found, a
 * library of `-l`. The compiler's own words say which, and not why.
 */
export function sdkProblems(said: readonly Diagnostic[], options: BuilderOptions): readonly Diagnostic[] {
  const sdk = missingSdk(options);
  if (sdk === null) return [];
  const wanted = said.map(missingPart).find((part) => part !== null);
  if (wanted === undefined || wanted === null) return [];
  const { name } = options.config.target;
  return [
    problem(
      'HM320',
      `${wanted} is not found for ${name}: headers and libraries of its system come with ${sdk.title}, which this machine ` +
        `does not have. Build on macOS, or name a copy of it by ${sdk.variable}; sources that include nothing of the ` +
        'system build without',
    ),
  ];
}

function missingPart({ severity, message, rendered }: Diagnostic): string | null {
  if (severity !== 'error') return null;
  const header = /'([^']+)' file not found/.exec(message)?.[1];
  if (header !== undefined) return (rendered ?? '').includes(`<${header}>`) ? `<${header}>` : null;
  return /library not found for (-l\S+)/.exec(message)?.[1] ?? null;
}
