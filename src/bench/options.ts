import { parseArgs } from 'node:util';
import { messageOf } from '../errors.js';
import { didYouMean } from '../text/nearest.js';

export interface BenchOptions {
  /** Works of the comparison, and other measurements, by name; both in the order they are listed in. */
  readonly works: readonly string[];
  readonly measurements: readonly string[];
  /** As many rounds as it takes for figures that are to be quoted. */
  readonly full: boolean;
  /** Rounds of each work; null for its own number. */
  readonly rounds: number | null;
  /** Of the project that `scale` measures. */
  readonly modules: number;
  readonly mode: 'measure' | 'check' | 'keep' | 'profile';
  /** Where the results are to be written besides their usual place; null for nowhere. */
  readonly json: string | null;
}

/** What cannot be done as it was asked for: a sentence and a way out. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const flags = {
  full: { type: 'boolean' },
  check: { type: 'boolean' },
  keep: { type: 'boolean' },
  profile: { type: 'boolean' },
  rounds: { type: 'string' },
  json: { type: 'string' },
  modules: { type: 'string' },
  help: { type: 'boolean' },
} as const;

export function usage(works: readonly string[], measurements: readonly string[]): string {
  return `Usage: npm run bench -- [names...] [options]

Without a name: hotmod beside the plain compiler command, make and ninja, in turns; a few minutes.

  names          ${works.join(' ')}
                 and, by themselves: ${measurements.join(' ')}
  --full         more rounds; without a name, all of the above
  --rounds N     so many rounds of each work
  --modules N    so many modules in the project of "scale" (default: 1000)
  --check        fail where a ratio is more than 15 % worse than the one kept in bench/ratios.json
  --keep         keep the ratios measured now, in that file; it belongs into the commit that changes them
  --profile      where the time goes, of a work (default: ${works[0] ?? ''})
  --json FILE    also write the results there (they are always in .hotmod/bench/<commit>.json)`;
}

/** Throws UsageError for what is not known; null where only the usage was asked for. */
export function readOptions(
  args: readonly string[],
  works: readonly string[],
  measurements: readonly string[],
): BenchOptions | null {
  const { values, positionals } = parse(args);
  if (values.help === true) return null;
  const names = [...works, ...measurements];
  for (const name of positionals) {
    if (!names.includes(name)) throw new UsageError(`There is no measurement "${name}".${didYouMean(name, names)}`);
  }
  const modes = (['check', 'keep', 'profile'] as const).filter((mode) => values[mode] === true);
  const [mode = 'measure', second] = modes;
  if (second !== undefined)
    throw new UsageError(`--${mode} and --${second} exclude each other; run one, then the other.`);
  const full = values.full === true;
  const chosen = (list: readonly string[]): readonly string[] => list.filter((name) => positionals.includes(name));
  const other = chosen(measurements);
  if (mode !== 'measure' && other.length > 0) {
    throw new UsageError(`--${mode} is about ${works.join(', ')}; leave out ${other.join(', ')}.`);
  }
  const all = positionals.length === 0;
  return {
    works: all ? (mode === 'profile' ? works.slice(0, 1) : works) : chosen(works),
    measurements: all && full && mode === 'measure' ? measurements : other,
    full,
    rounds: countOf('rounds', 20, values.rounds),
    modules: countOf('modules', 300, values.modules) ?? 1000,
    mode,
    json: values.json ?? null,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true });
  } catch (error) {
    const unknown = args.find((one) => one.startsWith('-') && !Object.hasOwn(flags, one.replace(/^--|=.*$/g, '')));
    if (unknown === undefined) throw new UsageError(`${messageOf(error)}.`);
    const known = Object.keys(flags).map((name) => `--${name}`);
    throw new UsageError(`unknown option "${unknown}".${didYouMean(unknown, known)}`);
  }
}

function countOf(flag: string, example: number, given: string | undefined): number | null {
  if (given === undefined) return null;
  const count = Number(given);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UsageError(`--${flag} is "${given}"; give a number of ${flag}, such as --${flag} ${example}.`);
}
