import { basename, extname, join, relative, resolve } from 'node:path';
import type { ResolvedModule } from '../config/resolved.js';
import type { Sdk, Target } from '../target/targets.js';
import type { Toolchain } from '../toolchain/types.js';
import { findSources, type Language, languages } from './sources.js';
import type { CompileStep, LinkStep } from './steps.js';
import type { BuilderOptions } from './types.js';

/** Everything that will be run for one module, as data: no file was touched to make it but the folder listing. */
export interface BuildPlan {
  readonly module: ResolvedModule;
  /** Working folder of every step: the project root, so that messages and `__FILE__` are short and the same everywhere. */
  readonly cwd: string;
  readonly units: readonly CompileStep[];
  readonly link: LinkStep;
  /** Sources that module.json names and that do not exist. */
  readonly missing: readonly string[];
}

/** Debug information serves state transfer and fault reports; without optimisation every variable stays where it is. */
const defaultFlags = ['-g', '-O0', '-fno-omit-frame-pointer'] as const;

/** Where the two object formats' linkers differ in words. */
const linkWords = {
  elf: {
    name: (name: string) => `-Wl,-soname,${name}`,
    asNeeded: (library: string) => ['-Wl,--as-needed', library, '-Wl,--no-as-needed'],
    // Destructors of C++ objects with static storage are registered with the engine (host/engine/atexit.h): their objects
    // may live on in the next version.
    withEngine: ['-Wl,--wrap=__cxa_atexit'],
  },
  'mach-o': {
    name: (name: string) => `-Wl,-install_name,@rpath/${name}`,
    asNeeded: (library: string) => ['-Wl,-dead_strip_dylibs', library],
    withEngine: [],
  },
} as const;

export function planModule(module: ResolvedModule, options: BuilderOptions): BuildPlan {
  const { config } = options;
  const { sources, missing } = findSources(module, config);
  return {
    module,
    cwd: config.root,
    units: sources.map((source) => planUnit(source, module, options)),
    link: planLink(sources, module, options),
    missing,
  };
}

function planUnit(source: string, module: ResolvedModule, options: BuilderOptions): CompileStep {
  const { config, toolchain, publicHeaders, launcher = [] } = options;
  const { build } = module;
  const language = languages.get(extname(source)) ?? 'c';
  const includes = [module.dir, ...build.includes, publicHeaders];
  const flags = [
    ...defaultFlags,
    ...quietFlags(language, toolchain),
    ...(launcher.length === 0 ? [] : placeFlags(language, options)),
    ...targetFlags(config.target),
    ...withoutSdk(options, 'compile'),
    ...includes.flatMap((dir) => ['-I', dir]),
    ...build.defines.map((define) => `-D${define}`),
    // The user's own flags come last and win over everything above.
    ...build.flags,
    ...languageFlags(language, module),
  ];
  return {
    source,
    language,
    launcher,
    command: language === 'c++' ? toolchain.cxx : toolchain.compiler.path,
    flags,
    input: inputName(source, config.root),
    searchDirs: searchDirsOf(flags, config.root),
  };
}

function planLink(sources: readonly string[], module: ResolvedModule, options: BuilderOptions): LinkStep {
  const { config, toolchain, engineLibrary } = options;
  const { target } = config;
  const { flags, ldflags } = module.build;
  const words = linkWords[target.objectFormat];
  const cxx = sources.some((source) => languages.get(extname(source)) === 'c++');
  return {
    command: cxx ? toolchain.cxx : toolchain.compiler.path,
    head: [
      ...linkerFlags(toolchain),
      ...targetFlags({ ...target, compileArgs: [] }),
      ...target.linkArgs,
      ...withoutSdk(options, 'link'),
      ...(module.dependencies.length > 0 ? target.undefinedSymbols.allowed : target.undefinedSymbols.refused),
      ...(engineLibrary === '' ? [] : words.withEngine),
      // Flags for every language may matter to the link too (-fsanitize, -m32, --sysroot); those that do not are no news.
      ...(toolchain.compiler.kind === 'gcc' ? [] : ['-Wno-unused-command-line-argument']),
      ...flags,
    ],
    tail: [...(engineLibrary === '' ? [] : words.asNeeded(engineLibrary)), ...ldflags],
    files: [...(engineLibrary === '' ? [] : [engineLibrary]), ...linkedFiles(ldflags, config.root)],
    nameFlag: (name) => words.name(name + target.libraryExtension),
  };
}

/** Apple's own `ld` is the compiler's default and has no name to ask for it by. */
function linkerFlags({ linker }: Toolchain): readonly string[] {
  return linker.args ?? (linker.name === 'ld' ? [] : [`-fuse-ld=${linker.name}`]);
}

/** The SDK that the target needs and the environment does not name; null where nothing is missing. */
export function missingSdk({ config, env }: BuilderOptions): Sdk | null {
  const { sdk } = config.target;
  return sdk !== null && (env?.[sdk.variable] ?? '') === '' ? sdk : null;
}

export function withoutSdk(options: BuilderOptions, ...steps: readonly ('compile' | 'link')[]): readonly string[] {
  const without = missingSdk(options)?.without;
  return without === undefined ? [] : steps.flatMap((step) => without[step]);
}

/** What a command line of the user's own needs to build for the target; nothing where the compiler does so anyway. */
export function crossFlags(target: Target, toolchain: Toolchain): readonly string[] {
  return target.triple === '' ? [] : [...targetFlags({ ...target, compileArgs: [] }), ...linkerFlags(toolchain)];
}

function targetFlags(target: Target): readonly string[] {
  return [...(target.triple === '' ? [] : [`--target=${target.triple}`]), ...target.compileArgs];
}

/** A function that calls none keeps its frame too: the stack of a crash begins in such a one more often than not. */
const leafFrames = ['-mno-omit-leaf-frame-pointer'] as const;

/** Options that only one kind of compiler knows, or that would be noise for one language. */
function quietFlags(language: Language, { compiler }: Toolchain): readonly string[] {
  if (compiler.kind === 'gcc') {
    // A GNU-unique symbol pins its library in memory for ever: dlclose then does nothing. And a class whose virtual
    // functions are in another source would not be described.
    return language === 'c++' ? ['-fno-gnu-unique', '-femit-class-debug-always'] : [];
  }
  // Crash reproducers of many megabytes in the temporary folder help nobody here; assembly takes no C options.
  const quiet = [
    '-fno-crash-diagnostics',
    ...(language === 'asm' ? ['-Wno-unused-command-line-argument'] : leafFrames),
  ];
  // Without it clang leaves out the layout of C++ types that it takes to be described elsewhere (std::string, classes
  // whose constructor is in another source), and state of such a type would be of an unknown one.
  return language === 'c++' ? [...quiet, '-fstandalone-debug'] : quiet;
}

/**
 * A launcher may compile what the preprocessor left in some other folder, perhaps on another machine; what stands in the
 * debug information is the folder it is for. Gcc has its preprocessor hand it on (-fworking-directory).
 */
function placeFlags(language: Language, { config, toolchain }: BuilderOptions): readonly string[] {
  return toolchain.compiler.kind === 'gcc' || language === 'asm' ? [] : [`-fdebug-compilation-dir=${config.root}`];
}

function languageFlags(language: Language, { build }: ResolvedModule): readonly string[] {
  if (language === 'c++') return build.cxxflags;
  return language === 'asm' ? build.asmflags : build.cflags;
}

/** Relative to the root where it lies inside, and never to be taken for an option. */
function inputName(source: string, root: string): string {
  const inside = relative(root, source);
  if (inside.startsWith('..')) return source;
  return inside.startsWith('-') || inside.startsWith('@') ? `./${inside}` : inside;
}

const searchOption = /^(?:-I|-iquote|-isystem|-idirafter)(.*)$/;

function searchDirsOf(flags: readonly string[], cwd: string): readonly string[] {
  const dirs: string[] = [];
  for (const [at, flag] of flags.entries()) {
    const given = searchOption.exec(flag)?.[1];
    if (given === undefined) continue;
    const dir = given === '' ? flags[at + 1] : given;
    if (dir !== undefined) dirs.push(resolve(cwd, dir));
  }
  return [...new Set(dirs)];
}

/** Objects, archives and scripts given by path, and `-l` names that a `-L` folder of the same flags may hold. */
function linkedFiles(ldflags: readonly string[], cwd: string): readonly string[] {
  const words = ldflags.flatMap((flag) => (flag.startsWith('-Wl,') ? flag.slice(4).split(/[,=]/) : [flag]));
  const dirs = words.filter((word) => word.startsWith('-L')).map((word) => resolve(cwd, word.slice(2)));
  const libraries = words
    .filter((word) => word.startsWith('-l'))
    .map((word) => word.slice(2))
    .flatMap((name) => dirs.flatMap((dir) => [join(dir, `lib${name}.so`), join(dir, `lib${name}.a`)]));
  const paths = words
    .filter((word) => !word.startsWith('-') && /[./]/.test(basename(word)))
    .map((word) => resolve(cwd, word));
  return [...paths, ...libraries];
}
