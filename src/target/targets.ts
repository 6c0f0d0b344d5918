/** What is known of a machine that modules can be built for. Stages read these fields; none asks for a name. */
export interface Target {
  readonly name: string;
  /** The triple for `--target=`; empty for the compiler's own default. */
  readonly triple: string;
  readonly objectFormat: 'elf' | 'mach-o';
  /** `e_machine` of ELF files (gABI, chapter 4): 62 is x86-64, 183 is AArch64; 0 where not ELF. */
  readonly elfMachine: number;
  readonly libraryExtension: string;
  readonly compileArgs: readonly string[];
  /** Added to every link of a shared library. */
  readonly linkArgs: readonly string[];
  /** Added where every symbol must be found at the link, and where other modules may provide some. */
  readonly undefinedSymbols: { readonly refused: readonly string[]; readonly allowed: readonly string[] };
  /** `-fuse-ld=` names that can link for it, best first. */
  readonly linkers: readonly string[];
  /** Folders in which the loader finds needed libraries, before the compiler's own answer. */
  readonly libraryDirs: readonly string[];
}

interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
}

const elfMachines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/** The machine hotmod itself runs on. */
export function nativeTarget(machine: Machine = process): Target {
  const machO = machine.platform === 'darwin';
  return {
    name: 'native',
    triple: '',
    objectFormat: machO ? 'mach-o' : 'elf',
    elfMachine: machO ? 0 : (elfMachines[machine.arch] ?? 0),
    libraryExtension: machO ? '.dylib' : '.so',
    compileArgs: ['-fPIC'],
    linkArgs: machO ? ['-dynamiclib'] : ['-shared', '-Wl,-Bsymbolic'],
    undefinedSymbols: machO
      ? { refused: [], allowed: ['-Wl,-undefined,dynamic_lookup'] }
      : { refused: ['-Wl,-z,defs'], allowed: [] },
    linkers: machO ? ['ld'] : ['mold', 'lld', 'bfd'],
    libraryDirs: [],
  };
}

/** Every target by name. Further machines are further entries here and nothing else. */
export function targets(machine: Machine = process): ReadonlyMap<string, Target> {
  const all = [nativeTarget(machine)];
  return new Map(all.map((target) => [target.name, target]));
}
