import type { Diagnostic } from '../events/events.js';
import { problem } from './diagnostics.js';
import { missingSdk } from './plan.js';
import type { BuilderOptions } from './types.js';

/**
 * HM320 and HM588 where a build failed because the target's system is not there: a header in angle brackets that was not
 * found, a library of `-l`, what every link begins with. The compiler's own words say which, and not why: those of this
 * machine are there.
 */
export function systemProblems(said: readonly Diagnostic[], options: BuilderOptions): readonly Diagnostic[] {
  const { name, sdk, libraryDirs } = options.config.target;
  const wanted = said.map(missingPart).find((part) => part !== null) ?? null;
  if (wanted === null) return [];
  if (sdk === null) {
    // A target whose libraries lie where this machine has its own is this machine.
    if (libraryDirs.length === 0) return [];
    return [
      problem(
        'HM588',
        `${wanted} is not found for ${name}: what is installed for this machine is no use to it. ` +
          `"hotmod doctor --fix --target ${name}" installs its C and C++ library; others come with packages of their own`,
      ),
    ];
  }
  if (missingSdk(options) === null) return [];
  return [
    problem(
      'HM320',
      `${wanted} is not found for ${name}: headers and libraries of its system come with ${sdk.title}, which this machine ` +
        `does not have. Build on macOS, or name a copy of it by ${sdk.variable}; sources that include nothing of the ` +
        'system build without',
    ),
  ];
}

/** In the words of clang, lld and Apple's ld. */
const missingFiles = [
  /library not found for (-l\S+)/,
  /unable to find library (-l\S+)/,
  /cannot open ((?:S|gcrt|crt)\w*\.o): No such file/,
];

function missingPart({ severity, message, rendered }: Diagnostic): string | null {
  if (severity !== 'error') return null;
  const header = /'([^']+)' file not found/.exec(message)?.[1];
  if (header !== undefined) return (rendered ?? '').includes(`<${header}>`) ? `<${header}>` : null;
  return missingFiles.map((words) => words.exec(message)?.[1]).find((part) => part !== undefined) ?? null;
}
