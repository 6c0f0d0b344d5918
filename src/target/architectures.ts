/** What C code can see of a machine, and what differs from one to the next without anybody having changed a line. */
export interface TargetProperties {
  readonly charIsSigned: boolean;
  readonly longDouble: 'x87' | 'binary128' | 'double';
  /** Bytes of a page as its kernels have it by default. */
  readonly pageSize: number;
  readonly cacheLineSize: number;
}

/** What Apple's loader has of a kind of processor. */
export interface MachO {
  /** As its tools call it. */
  readonly machine: 'x86_64' | 'arm64';
  /** Whether it ends a process that runs a page without a signature, or only one whose signature does not fit. */
  readonly mustBeSigned: boolean;
}

/** The processor that code is made for. */
export interface Cpu {
  /** `generic`: every processor of the architecture. */
  readonly name: string;
  /** As the compiler calls them, without a sign: `lse`, `avx2`. */
  readonly features: readonly string[];
}

/** A kind of processor, and how compilers are told about one of them. */
export interface Architecture {
  readonly title: string;
  readonly elfMachine: number;
  readonly machO: MachO;
  readonly linux: TargetProperties;
  readonly macos: TargetProperties;
  /** Names that `--cpu` takes. A compiler may know fewer of them. */
  readonly cpus: readonly string[];
  /** The option that takes the processor's name. */
  readonly cpuOption: string;
  /** What `generic` is called there; empty where nothing is said. */
  readonly genericCpu: string;
  /** Features stand behind the processor's name with `+`, or each is an option of its own. */
  readonly features: { readonly join: 'plus' } | { readonly join: 'option'; readonly prefix: string };
}

/**
 * By Node's names. Sizes and signedness: System V ABI AMD64 supplement, chapter 3; AAPCS64 (char is unsigned, long double
 * is binary128); Apple's "Writing ARM64 code for Apple platforms" (char is signed, long double is double, 16 KB pages).
 */
export const architectures: ReadonlyMap<string, Architecture> = new Map<string, Architecture>([
  [
    'x64',
    {
      title: 'x86-64',
      elfMachine: 62,
      machO: { machine: 'x86_64', mustBeSigned: false },
      linux: { charIsSigned: true, longDouble: 'x87', pageSize: 4096, cacheLineSize: 64 },
      macos: { charIsSigned: true, longDouble: 'x87', pageSize: 4096, cacheLineSize: 64 },
      cpus: ['generic', 'native', 'x86-64-v2', 'x86-64-v3', 'x86-64-v4', 'haswell', 'skylake', 'znver2', 'znver3'],
      cpuOption: '-march=',
      genericCpu: '',
      features: { join: 'option', prefix: '-m' },
    },
  ],
  [
    'arm64',
    {
      title: 'ARM64',
      elfMachine: 183,
      machO: { machine: 'arm64', mustBeSigned: true },
      linux: { charIsSigned: false, longDouble: 'binary128', pageSize: 4096, cacheLineSize: 64 },
      macos: { charIsSigned: true, longDouble: 'double', pageSize: 16_384, cacheLineSize: 128 },
      cpus: [
        'generic',
        'native',
        ...['apple-m1', 'apple-m2', 'apple-m3', 'apple-m4'],
        ...['neoverse-e1', 'neoverse-n1', 'neoverse-n2', 'neoverse-v1', 'neoverse-v2', 'neoverse-512tvb'],
        ...['cortex-a53', 'cortex-a72', 'cortex-a76', 'cortex-a78', 'cortex-x1'],
      ],
      cpuOption: '-mcpu=',
      genericCpu: 'generic',
      features: { join: 'plus' },
    },
  ],
]);
