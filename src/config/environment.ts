import { exitCode, HotmodError } from '../errors.js';
import { quoteValue } from './form.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings from outside the config file. Flags and environment give the same fields; a flag beats its variable. */
export interface Overrides {
  readonly configFile?: string | undefined;
  readonly target?: string | undefined;
  readonly cpu?: string | undefined;
  /** Module names from the command line; empty or absent means all. */
  readonly modules?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly jobs?: number | undefined;
  readonly polling?: boolean | undefined;
  readonly compiler?: string | undefined;
  readonly linker?: string | undefined;
  readonly launcher?: readonly string[] | undefined;
  readonly cacheLimit?: number | undefined;
  readonly rate?: number | undefined;
  readonly stepped?: boolean | undefined;
}

/**
 * The HOTMOD_* variables: HOTMOD_CONFIG, HOTMOD_TARGET, HOTMOD_CPU, HOTMOD_JOBS, HOTMOD_POLLING, HOTMOD_COMPILER, HOTMOD_LINKER,
 * HOTMOD_LAUNCHER, HOTMOD_CACHE_LIMIT, HOTMOD_RATE. An empty variable counts as not set.
 *
 * @throws HotmodError HM103 naming the variable
 */
export function environmentOverrides(env: Environment): Overrides {
  return {
    configFile: text(env, 'HOTMOD_CONFIG'),
    target: text(env, 'HOTMOD_TARGET'),
    cpu: text(env, 'HOTMOD_CPU'),
    jobs: number(env, 'HOTMOD_JOBS', (value) => Number.isInteger(value) && value >= 1, 'a whole number of at least 1'),
    polling: flag(env, 'HOTMOD_POLLING'),
    compiler: text(env, 'HOTMOD_COMPILER'),
    linker: text(env, 'HOTMOD_LINKER'),
    launcher: text(env, 'HOTMOD_LAUNCHER')?.split(/\s+/),
    cacheLimit: number(
      env,
      'HOTMOD_CACHE_LIMIT',
      (value) => value >= 0 && value <= 1_000_000,
      'megabytes from 0 to 1000000',
    ),
    rate: number(env, 'HOTMOD_RATE', (value) => value > 0 && value <= 10_000, 'a number above 0 and at most 10000'),
  };
}

/** How a HOTMOD_* variable for the screen is spelt: HOTMOD_UI, HOTMOD_LOG_LEVEL, HOTMOD_COLOR, HOTMOD_CWD. */
export interface ScreenSettings {
  readonly ui: string | undefined;
  readonly logLevel: string | undefined;
  readonly color: string | undefined;
  readonly cwd: string | undefined;
}

/** The variables behind --ui, --log-level, --color and --cwd, as texts: the command line checks both alike. */
export function screenSettings(env: Environment): ScreenSettings {
  return {
    ui: text(env, 'HOTMOD_UI'),
    logLevel: text(env, 'HOTMOD_LOG_LEVEL'),
    color: text(env, 'HOTMOD_COLOR'),
    cwd: text(env, 'HOTMOD_CWD'),
  };
}

/** Whether a build server is at work: `CI` is set and not to `false` or `0`. */
export function inCi(env: Environment): boolean {
  const ci = env.CI ?? '';
  return ci !== '' && ci !== '0' && ci.toLowerCase() !== 'false';
}

function text(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function number(
  env: Environment,
  name: string,
  accept: (value: number) => boolean,
  expected: string,
): number | undefined {
  const given = text(env, name);
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!accept(value)) throw wrong(name, given, expected);
  return value;
}

function flag(env: Environment, name: string): boolean | undefined {
  const given = text(env, name)?.toLowerCase();
  if (given === undefined) return undefined;
  if (['1', 'true', 'yes', 'on'].includes(given)) return true;
  if (['0', 'false', 'no', 'off'].includes(given)) return false;
  throw wrong(name, given, '1 or 0, true or false');
}

function wrong(name: string, given: string, expected: string): HotmodError {
  return new HotmodError('HM103', `The environment variable ${name} has a wrong value: ${quoteValue(given)}.`, {
    hint: `Expected: ${expected}. Or unset it.`,
    exitCode: exitCode.usage,
  });
}
