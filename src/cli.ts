import { resolve } from 'node:path';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { CacheAction } from './commands/cache.js';
import type { CommandIo } from './commands/io.js';
import type { ProjectOptions } from './commands/project.js';
import type { ViewName } from './commands/view.js';
import { screenSettings } from './config/environment.js';
import { exitCode, HotmodError, messageOf } from './errors.js';
import { type LogLevel, logLevels } from './log.js';
import { packageVersion } from './paths.js';
import { didYouMean } from './text/nearest.js';

interface GlobalFlags {
  readonly cwd: string;
  readonly config?: string;
  readonly target?: string;
  readonly cpu?: string;
  readonly ui: 'auto' | 'ink' | 'plain' | 'json';
  readonly json?: boolean;
  readonly logLevel: LogLevel;
  readonly color: 'auto' | 'always' | 'never';
}

interface DevFlags {
  readonly polling?: boolean;
  readonly rate?: number;
  readonly jobs?: number;
}

interface RollbackFlags {
  readonly to?: number;
  readonly last?: boolean;
  readonly transaction?: number;
  readonly dryRun: boolean;
  readonly force: boolean;
}

interface InspectFlags {
  readonly elements: number;
  readonly follow: number | true;
  readonly watch: boolean;
  readonly layout?: string | true;
  readonly lineSize: string;
  readonly diff?: readonly string[];
}

/**
 * Reads the command line, runs one command, and gives back its exit code. The only place that knows argv, flags and
 * exit codes. Commands are loaded when they are called: `hotmod explain` need not load a terminal UI.
 */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  let code: number = exitCode.ok;
  try {
    const program = createProgram(io, async (action) => {
      code = await action();
    });
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return report(error, io, argv);
  }
}

type Runner = (action: () => Promise<number>) => Promise<void>;

const uiChoices: readonly GlobalFlags['ui'][] = ['auto', 'ink', 'plain', 'json'];
const colorChoices: readonly GlobalFlags['color'][] = ['auto', 'always', 'never'];

function createProgram(io: CommandIo, done: Runner): Command {
  const settings = screenSettings(io.env);
  const program = new Command('hotmod')
    // Before the first subcommand, which takes it over (commander's own order).
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text),
    })
    .description('Hot reload for native code: save a file, and the new code runs in the living program.')
    .version(packageVersion())
    .option('--cwd <dir>', 'the project folder', settings.cwd ?? io.cwd)
    .option('-c, --config <file>', 'the config file, in place of hotmod.config.*')
    .option('--target <name>', 'the machine to build for; several with commas: run for the first, judge for all')
    .option('--cpu <name>', 'its processor, features with +: neoverse-n1, generic+lse')
    .addOption(
      new Option('--ui <view>', 'how to show what happens')
        .choices(uiChoices)
        .default(chosen('HOTMOD_UI', settings.ui, uiChoices, 'auto')),
    )
    .option('--json', 'the same as --ui json: one event a line on stdout')
    .addOption(
      new Option('--log-level <level>', 'how much goes to .hotmod/hotmod.log')
        .choices(logLevels)
        .default(chosen('HOTMOD_LOG_LEVEL', settings.logLevel, logLevels, 'info')),
    )
    .addOption(
      new Option('--color <when>', 'colour in the output')
        .choices(colorChoices)
        .default(chosen('HOTMOD_COLOR', settings.color, colorChoices, 'auto')),
    )
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 build or test failed, 2 usage or config, 3 something is missing,\n4 refused, 5 crashed or rolled back, 70 a bug of ours.',
    );

  const flags = (): GlobalFlags => program.opts();
  const world = (): CommandIo => worldOf(io, flags());
  const project = (more: DevFlags & { readonly modules?: readonly string[] } = {}): ProjectOptions => ({
    cwd: resolve(io.cwd, flags().cwd),
    configFile: flags().config,
    flags: { target: flags().target, cpu: flags().cpu, ...more },
  });

  program
    .command('dev [modules...]')
    .description('watch, build, judge and reload; the terminal UI on a terminal')
    .option('--polling', 'look for changes in intervals (network folders)')
    .option('--rate <frames>', 'frames a second', positiveNumber)
    .option('--jobs <n>', 'compilers at once', positiveNumber)
    .action((modules: string[], given: DevFlags) =>
      done(async () => {
        const { dev } = await import('./commands/dev.js');
        const view = viewOf(flags(), io);
        return dev({ ...project({ ...given, modules }), view, logLevel: flags().logLevel }, world());
      }),
    );

  program
    .command('reload <modules...>')
    .description('have the running session rebuild and reload modules now, several in one transaction')
    .option('--dry-run', 'the verdict only; works without a session', false)
    .option('--force', 'accept an UNSAFE verdict', false)
    .option('--rebuild', 'compile although the cache has the answer', false)
    .action((modules: string[], given: { dryRun: boolean; force: boolean; rebuild: boolean }) =>
      done(async () => {
        const { reload } = await import('./commands/reload.js');
        return reload({ ...project(), ...given, modules, view: viewOf(flags(), io) }, world());
      }),
    );

  program
    .command('inspect [module] [path]')
    .description('live values of the running session; --layout shows how types lie in memory, of a file as well')
    .option('--elements <n>', 'elements of an array before the rest is only counted', wholeNumber(1), 8)
    .option('--follow [depth]', 'show what pointers lead to, this many in a row (1)', wholeNumber(0), 0)
    .option('--watch', 'go on until Ctrl+C: in place on a terminal, elsewhere a line for each change', false)
    .option('--layout [type]', 'offsets, sizes and holes of a struct, or of all but those of system headers')
    .addOption(new Option('--line-size <bytes>', 'of a cache line').choices(['64', '128']).default('64'))
    .option('--diff <files...>', 'what differs between the layouts of two files, the old one first')
    .action((module: string | undefined, path: string | undefined, given: InspectFlags) =>
      done(async () => {
        const { inspect } = await import('./commands/inspect.js');
        const { listenForSignals } = await import('./commands/signals.js');
        const { watch, elements, layout, diff = [], lineSize } = given;
        // Without --watch a signal ends the command as it ends any other.
        using signals = watch ? listenForSignals(process) : null;
        return await inspect(
          {
            ...project(),
            target: module ?? null,
            path: path ?? null,
            elements,
            follow: given.follow === true ? 1 : given.follow,
            watch,
            layout: layout === undefined ? null : { type: layout === true ? null : layout, lineSize: Number(lineSize) },
            diff,
            json: flags().json === true,
            stop: signals?.first ?? new Promise(() => {}),
          },
          world(),
        );
      }),
    );

  program
    .command('call <module> <function> [args...]')
    .description('call an exported function of a running module; -- before arguments that look like flags')
    // `-x` is an argument that its function judges, not a flag of ours that is misspelled.
    .allowUnknownOption()
    .action((module: string, name: string, args: string[]) =>
      done(async () => {
        const { call } = await import('./commands/call.js');
        return call({ ...project(), module, function: name, args, json: flags().json === true }, world());
      }),
    );

  program
    .command('history [module]')
    .description('what became of each version, newest first; works without a session too')
    .option('--limit <n>', 'how many at most', wholeNumber(1), 20)
    .option('--diff <generation>', 'what this generation of the module changed in the source', wholeNumber(1))
    .option('--recoveries', 'crashes and recoveries of the running session instead')
    .action((module: string | undefined, given: { limit: number; diff?: number; recoveries?: boolean }) =>
      done(async () => {
        if (given.recoveries === true) {
          const { recoveries } = await import('./commands/recoveries.js');
          return recoveries({ ...project(), module: module ?? null, json: asJson(flags()) }, world());
        }
        const { history } = await import('./commands/history.js');
        const { limit, diff = null } = given;
        return history({ ...project(), module: module ?? null, limit, diff, json: asJson(flags()) }, world());
      }),
    );

  program
    .command('rollback [modules...]')
    .description('go back to earlier generations, state included, several in one transaction')
    .option('--to <generation>', 'which, of one module; without it, the one that ran before', wholeNumber(1))
    .option('--last', 'all modules that the last transaction of the session reloaded')
    .option('--transaction <n>', 'the same of an earlier one: 7 is t7', wholeNumber(1))
    .option('--dry-run', 'the verdict only', false)
    .option('--force', 'accept an UNSAFE verdict', false)
    .action((modules: string[], given: RollbackFlags) =>
      done(async () => {
        const { rollback } = await import('./commands/rollback.js');
        const { to = null, transaction = null, last = false, dryRun, force } = given;
        const which = { modules, to, transaction: last ? ('last' as const) : transaction };
        return rollback({ ...project(), ...which, dryRun, force, view: viewOf(flags(), io) }, world());
      }),
    );

  program
    .command('ab <module>')
    .description('run another generation beside the one that runs, in copies of the program')
    .option('--with <generation>', 'which; without it, the one that ran before', wholeNumber(1))
    .option('--frames <n>', 'frames that both run', wholeNumber(1), 600)
    .action((module: string, given: { with?: number; frames: number }) =>
      done(async () => {
        const { ab } = await import('./commands/ab.js');
        const request = { module, to: given.with ?? null, frames: given.frames, json: asJson(flags()) };
        return ab({ ...project(), ...request }, world());
      }),
    );

  program
    .command('pin <module>')
    .description('have a module stay at a generation, whatever is saved')
    .option('--at <generation>', 'go back to this one first; without it, the one that runs', wholeNumber(1))
    .action((module: string, given: { at?: number }) =>
      done(async () => {
        const { pin } = await import('./commands/pin.js');
        return pin({ ...project(), module, at: given.at ?? null, view: viewOf(flags(), io) }, world());
      }),
    );

  program
    .command('unpin <module>')
    .description('let a module go with its source again')
    .action((module: string) =>
      done(async () => {
        const { unpin } = await import('./commands/unpin.js');
        return unpin({ ...project(), module, view: viewOf(flags(), io) }, world());
      }),
    );

  program
    .command('test [paths...]')
    .description('run reload cases (default: fixtures/)')
    .option('--reporter <name>', 'spec, json, junit or github; may be given several times', collect, [])
    .option('--output-file <file>', 'where a reporter writes; one for each reporter but the first', collect, [])
    .option('--filter <text>', 'only cases whose name or folder holds this')
    .option('--jobs <n>', 'cases at once', positiveNumber)
    .action((paths: string[], given: { reporter: string[]; outputFile: string[]; filter?: string; jobs?: number }) =>
      done(async () => {
        const { test } = await import('./commands/test.js');
        return test(
          { paths, json: flags().json === true, target: flags().target, cpu: flags().cpu, ...given },
          world(),
        );
      }),
    );

  program
    .command('init [dir]')
    .description('write a first module')
    .option('--name <name>', 'the name of the module')
    .addOption(new Option('--lang <language>', 'its language').choices(['c', 'cpp']).default('c'))
    .action((dir: string | undefined, given: { name?: string; lang: 'c' | 'cpp' }) =>
      done(async () => {
        const { init } = await import('./commands/init.js');
        return init({ dir, ...given }, world());
      }),
    );

  program
    .command('doctor')
    .description("check this machine's toolchain; --fix installs what is missing")
    .option('--fix', 'install what is missing: packages of the system, and for an emulated target of npm', false)
    .option('--yes', 'do not ask before installing', false)
    .action((given: { fix: boolean; yes: boolean }) =>
      done(async () => {
        const { doctor } = await import('./commands/doctor.js');
        const { json = false, config: configFile, target, cpu } = flags();
        return doctor({ ...given, json, configFile, flags: { target, cpu } }, world());
      }),
    );

  program
    .command('cache')
    .description('what is kept for all your projects: how much, where, of what use; clear and prune remove of it')
    .addArgument(new Argument('[action]').choices(['show', 'clear', 'prune']).default('show'))
    .action((action: CacheAction) =>
      done(async () => {
        const { cache } = await import('./commands/cache.js');
        return cache({ action, configFile: flags().config, json: asJson(flags()) }, world());
      }),
    );

  program
    .command('explain [code]')
    .description('what a code such as HM402 means and what to do about it')
    .action((code: string | undefined) =>
      done(async () => {
        const { explain } = await import('./commands/explain.js');
        return explain(code, world(), flags().json === true);
      }),
    );

  program
    .command('demo')
    .description('a tour that needs no editor: edits a copy of the samples and shows what happens')
    .option('--keep', 'leave the copy of the samples behind', false)
    .action((given: { keep: boolean }) =>
      done(async () => {
        const { demo } = await import('./commands/demo.js');
        return demo({ ...given, json: flags().json === true }, world());
      }),
    );

  return program;
}

/** For commands that print data. */
function asJson(flags: GlobalFlags): boolean {
  return flags.json === true || flags.ui === 'json';
}

/** Ink only where both ends are a terminal that can draw, and nobody's build server reads along. */
function viewOf(flags: GlobalFlags, io: CommandIo): ViewName {
  if (flags.json === true || flags.ui === 'json') return 'json';
  if (flags.ui === 'plain') return 'plain';
  if (flags.ui === 'ink' && !io.interactive) {
    throw new HotmodError('HM110', 'The terminal UI was asked for, but stdin and stdout are not both a terminal.', {
      hint: 'Leave --ui out, or use --ui plain.',
      exitCode: exitCode.usage,
    });
  }
  if (flags.ui === 'ink') return 'ink';
  return io.interactive && io.env.TERM !== 'dumb' ? 'ink' : 'plain';
}

/** The world as the flags describe it. */
function worldOf(io: CommandIo, { cwd, color }: GlobalFlags): CommandIo {
  return { ...io, cwd: resolve(io.cwd, cwd), color: color === 'auto' ? io.color : color === 'always' };
}

function report(error: unknown, io: CommandIo, argv: readonly string[]): number {
  // commander has printed its own message; help and --version end this way too, with code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof HotmodError) {
    if (argv.includes('--json')) {
      const { code, message, hint } = error;
      io.stdout.write(
        `${JSON.stringify({ v: 1, type: 'error', time: new Date().toISOString(), code, message, hint })}\n`,
      );
    }
    io.stderr.write(`hotmod: ${error.message} [${error.code}]\n${error.hint === '' ? '' : `${error.hint}\n`}`);
    return error.exitCode;
  }
  const trace = error instanceof Error ? error.stack : String(error);
  io.stderr.write(`hotmod: this is a bug of hotmod, not of your code: ${messageOf(error)}\n${trace}\n`);
  return exitCode.bug;
}

/** The value of a HOTMOD_* variable that stands for a flag; the flag's own check sees only what is typed. */
function chosen<T extends string>(name: string, given: string | undefined, choices: readonly T[], fallback: T): T {
  if (given === undefined) return fallback;
  const known = choices.find((choice) => choice === given);
  if (known !== undefined) return known;
  throw new HotmodError('HM103', `${name} is "${given}".${didYouMean(given, choices)}`, {
    hint: `It must be one of ${choices.join(', ')}.`,
    exitCode: exitCode.usage,
  });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
    return value;
  };
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}
