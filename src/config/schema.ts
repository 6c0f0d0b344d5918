import { z } from 'zod';
import { conflictStrategies } from './conflicts.js';
import { buildFlagsShape, moduleOverrideSchema } from './module-schema.js';
import { crashPolicies, type DecideConflict, endPolicies, type OnCrash, type OnRecovered } from './resolved.js';

const names = z.array(z.string().min(1));

const modulesSchema = z.strictObject({
  patterns: names
    .min(1)
    .optional()
    .describe('Folders that are modules; "*" stands for any name. "." is the project itself. Default: ["modules/*"].'),
  only: names.optional().describe('Take these modules alone, with the modules they need. Default: all.'),
  exclude: names.optional().describe('Leave these modules out. Default: none.'),
  overrides: z
    .record(z.string(), moduleOverrideSchema)
    .optional()
    .describe('Settings of single modules by name; they win over the module.json of the module.'),
});

const watchSchema = z.strictObject({
  polling: z
    .boolean()
    .optional()
    .describe('Look at the files again and again, for network folders and containers. HOTMOD_POLLING. Default: false.'),
  pollIntervalMs: z.number().int().min(10).max(60_000).optional().describe('Milliseconds between polls. Default: 100.'),
  ignore: names.optional().describe('Patterns in .gitignore syntax, beside those of the .gitignore files.'),
  paths: names.optional().describe('Further folders to watch, relative to the project.'),
});

const buildSchema = z.strictObject({
  compiler: z
    .string()
    .min(1)
    .optional()
    .describe('Compiler: a name on PATH or an absolute path. HOTMOD_COMPILER. Default: the best clang found.'),
  linker: z
    .string()
    .min(1)
    .optional()
    .describe('Linker: "mold", "lld", "bfd" or an absolute path. HOTMOD_LINKER. Default: the fastest found.'),
  jobs: z
    .number()
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe('Compilers at the same time. HOTMOD_JOBS. Default: one for each processor core.'),
  warm: z
    .boolean()
    .optional()
    .describe(
      'Keep compiler and linker loaded, so that each of their runs saves its start (Linux; elsewhere it has no effect). Default: true.',
    ),
  pch: z
    .enum(['auto', 'off'])
    .optional()
    .describe(
      'Precompiled headers of what edited files include first, made by themselves in idle time and used where they are measured to pay (clang; with gcc it has no effect). Default: auto.',
    ),
  launcher: z
    .union([z.string().min(1), names.min(1)])
    .optional()
    .describe(
      'What each compile command is given to: "ccache", "sccache", "distcc", "icecc", with its own arguments as a list. The compiler is then not kept loaded. HOTMOD_LAUNCHER. Default: none.',
    ),
  cacheLimit: z
    .number()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe(
      'Megabytes of objects that are kept for all projects of the user, see "hotmod cache"; 0 for none. HOTMOD_CACHE_LIMIT. Default: 5000.',
    ),
  compileCommands: z.boolean().optional().describe('Write compile_commands.json for editors. Default: true.'),
  ...buildFlagsShape,
});

const hostSchema = z.strictObject({
  rate: z.number().positive().max(10_000).optional().describe('Frames a second. HOTMOD_RATE. Default: 60.'),
  stepped: z.boolean().optional().describe('No clock: frames run only when asked for. Default: false.'),
  standby: z
    .boolean()
    .optional()
    .describe(
      'A second process waits to take over when the one that modules run in ends. Default: true, false with stepped.',
    ),
  hangTimeoutMs: z
    .number()
    .int()
    .min(10)
    .optional()
    .describe(
      'A call into a module that takes longer, in milliseconds, is a hang. Default: 2000, under an emulator 10000.',
    ),
  probationFrames: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('A version that crashes within its first frames is taken back. Default: 120.'),
  restart: z
    .strictObject({
      max: z.number().int().min(0).optional().describe('Crashes of one module that are forgiven. Default: 3.'),
      withinMs: z.number().int().min(1).optional().describe('... within this many milliseconds. Default: 10000.'),
    })
    .optional()
    .describe('A module that crashes more often is stopped until its next good build.'),
  frameCopies: z
    .boolean()
    .optional()
    .describe(
      'Copy the variables of all modules at the start of each frame; a crash goes back to that. Default: true.',
    ),
  frameCopyLimit: z
    .number()
    .min(0)
    .max(65_536)
    .optional()
    .describe('Megabytes of variables above which a module goes without such a copy. Default: 32.'),
  env: z.record(z.string(), z.string()).optional().describe('Added to the small environment that modules see.'),
});

const deferSchema = z.strictObject({
  maxCpu: z.number().min(0).max(1).optional().describe('Share of all processors that may be busy, 0 to 1.'),
  minFreeMemory: z.number().min(0).optional().describe('Megabytes of memory that must be free.'),
  maxFrameMs: z.number().positive().optional().describe("Milliseconds that a frame's updates may take on average."),
  maxWaitMs: z.number().min(0).optional().describe('A reload that has waited this long goes ahead. Default: 10000.'),
});

const reloadSchema = z.strictObject({
  defer: deferSchema.optional().describe('A reload waits while one of these limits is exceeded. Default: no limits.'),
  onConflict: z
    .union([
      z.enum(['latest', 'keep', 'ask']),
      z.strictObject({
        versionDown: z.enum(conflictStrategies.versionDown).optional(),
        editDuringTransaction: z.enum(conflictStrategies.editDuringTransaction).optional(),
        stateChanged: z.enum(conflictStrategies.stateChanged).optional(),
        duplicateSymbol: z.enum(conflictStrategies.duplicateSymbol).optional(),
        rangesCannotMeet: z.enum(conflictStrategies.rangesCannotMeet).optional(),
      }),
      z.custom<DecideConflict>((value) => typeof value === 'function'),
    ])
    .optional()
    .describe(
      'What decides where two things cannot both be had (a lower version, an edit while one is being taken, state changed by "hotmod call" meanwhile): "latest" switches, "keep" stays or finishes first, "ask" stays until "hotmod reload --force"; an object has one for each kind; in a TypeScript or JavaScript config also a function. Default: "latest".',
    ),
});

const ofCrash = (what: string) =>
  z.enum(crashPolicies).optional().describe(`What is done about ${what}. Default: "default".`);
const ofEnd = (what: string) => z.enum(endPolicies).optional().describe(`The same of ${what}. Default: "default".`);
const callback = <T>(words: string) =>
  z
    .custom<T>((value) => typeof value === 'function', {
      error: 'it must be a function.',
      params: { hint: 'Only a TypeScript or JavaScript config can have one.' },
    })
    .optional()
    .describe(words);

const recoverySchema = z.strictObject({
  policy: z
    .strictObject({
      segv: ofCrash('a SIGSEGV that is no stack overflow'),
      bus: ofCrash('a SIGBUS'),
      ill: ofCrash('a SIGILL, on ARM64 also a SIGTRAP'),
      fpe: ofCrash('a SIGFPE: a division of integers by 0'),
      abort: ofCrash('a SIGABRT: abort(), or an assert that failed'),
      stackOverflow: ofCrash('a stack that is full'),
      hang: ofEnd('a call that does not return'),
      hostEnd: ofEnd('an end of the host process that a module is to blame for'),
    })
    .optional()
    .describe(
      '"default": back on probation, on after it. "rollBack": back whenever a version before is there. "goOn": on, on probation too. "restartModule": the same version anew. "restartHost": all modules in a new process. "stop": out until the next good build.',
    ),
  onCrash: callback<OnCrash>('Called with a report of each crash; may return one of its choices, or a promise of one.'),
  onRecovered: callback<OnRecovered>('Called with a report when the module of a crash can be called again.'),
  callbackTimeoutMs: z
    .number()
    .int()
    .min(1)
    .max(60_000)
    .optional()
    .describe('Milliseconds that a callback may take. Default: 1000.'),
});

const timeout = (words: string) => z.number().int().min(0).optional().describe(words);

const timeoutsSchema = z.strictObject({
  build: timeout('One compiler, linker or build command. Default: 600000.'),
  validate: timeout('Reading the libraries and types of one save. Default: 60000.'),
  load: timeout('One call while a library is loaded: its constructors. Default: as "call".'),
  commit: timeout('One call while versions are switched: init, prepare_reload, ... Default: as "call".'),
  call: timeout('One call of a running module; the same as host.hangTimeoutMs, and wins over it. Default: 2000.'),
});

/** The config file. Each description is the documentation of its key: it also stands in the generated JSON schema. */
export const userConfigSchema = z.strictObject({
  $schema: z.string().optional().describe('Path of this schema, for editors.'),
  modules: modulesSchema.optional().describe('Which folders are modules.'),
  target: z.string().min(1).optional().describe('The machine to build for. HOTMOD_TARGET. Default: "native".'),
  targets: names
    .min(1)
    .optional()
    .describe('Several machines in place of "target": modules run for the first, and are built and judged for all.'),
  cpu: z
    .string()
    .min(1)
    .optional()
    .describe('The processor, with features behind it: "neoverse-n1", "generic+lse". HOTMOD_CPU. Default: "generic".'),
  watch: watchSchema.optional().describe('How file changes are seen.'),
  build: buildSchema.optional().describe('How modules are built.'),
  host: hostSchema.optional().describe('The process that modules run in.'),
  reload: reloadSchema
    .optional()
    .describe('When new versions are switched to, and what happens where that is in doubt.'),
  recovery: recoverySchema.optional().describe('What is done about crashes, and who is told.'),
  timeouts: timeoutsSchema.optional().describe('Milliseconds that each phase may take; 0 for any time.'),
  keepGenerations: z
    .number()
    .int()
    .min(2)
    .max(1000)
    .optional()
    .describe(
      'Different versions of each module that stay, the running one among them; a pinned one always stays. Default: 5.',
    ),
});

export type UserConfig = z.input<typeof userConfigSchema>;
