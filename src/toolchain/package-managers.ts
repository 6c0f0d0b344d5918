/** What a package of the system can bring: for this machine, and for one that is emulated on it. */
export type Need =
  | 'clang'
  | 'linker'
  | 'headers'
  | 'linux-arm64 emulator'
  | 'linux-arm64 libraries'
  | 'linux-arm64 headers';

/** What to look for where no package manager that we know brings it. */
export const needWords: Readonly<Record<Need, string>> = {
  clang: 'clang 14 or newer',
  linker: 'lld',
  headers: 'the C and C++ headers',
  'linux-arm64 emulator': "QEMU's user-mode emulator for aarch64, linked statically",
  'linux-arm64 libraries': 'the C and C++ library for aarch64',
  'linux-arm64 headers': 'the headers of the C and C++ library for aarch64',
};

const needs = Object.keys(needWords) as readonly Need[];

/** What another target needs of the system; null where no package brings it. */
export function needOf(what: 'emulator' | 'libraries' | 'headers', target: string): Need | null {
  return needs.find((need) => need === `${target} ${what}`) ?? null;
}

/** A package manager as data: how it is called, and what the things we need are called there. */
export interface PackageManager {
  readonly name: string;
  /** The program whose presence on PATH tells that this is the machine's package manager. */
  readonly program: string;
  /** Run first, so that the package lists are not older than the packages; empty where the manager does so itself. */
  readonly refresh: readonly string[];
  readonly install: readonly string[];
  /** Added to the environment of both. */
  readonly env: Readonly<Record<string, string>>;
  readonly needsRoot: boolean;
  /** A need that is not named is not met by packages that we know. */
  readonly packages: Readonly<Partial<Record<Need, readonly string[]>>>;
  /** Installed beside the linker, to make linking faster; not every distribution has it, so it is installed apart and may fail. */
  readonly optional: readonly string[];
}

/**
 * The package managers of Linux distributions and macOS, in the order they are looked for. On most of them clang
 * brings the C and C++ headers along; `headers` is for those where it does not, and for a clang from elsewhere.
 */
export const packageManagers: readonly PackageManager[] = [
  {
    name: 'apt',
    program: 'apt-get',
    refresh: ['apt-get', 'update'],
    // Another apt at work (a machine that has just started updates itself) is waited for, up to two minutes.
    install: ['apt-get', 'install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'],
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    needsRoot: true,
    packages: {
      clang: ['clang'],
      linker: ['lld'],
      headers: ['libc6-dev', 'g++'],
      'linux-arm64 emulator': ['qemu-user-static'],
      'linux-arm64 libraries': ['libc6-arm64-cross', 'libstdc++6-arm64-cross'],
      'linux-arm64 headers': ['libc6-dev-arm64-cross', 'libgcc-12-dev-arm64-cross', 'libstdc++-12-dev-arm64-cross'],
    },
    optional: ['mold'],
  },
  {
    name: 'dnf',
    program: 'dnf',
    refresh: [],
    install: ['dnf', 'install', '-y'],
    env: {},
    needsRoot: true,
    packages: { clang: ['clang'], linker: ['lld'], headers: ['glibc-devel', 'libstdc++-devel'] },
    optional: ['mold'],
  },
  {
    name: 'pacman',
    program: 'pacman',
    refresh: [],
    install: ['pacman', '-Sy', '--needed', '--noconfirm'],
    env: {},
    needsRoot: true,
    packages: { clang: ['clang'], linker: ['lld'], headers: ['glibc', 'gcc'] },
    optional: ['mold'],
  },
  {
    name: 'zypper',
    program: 'zypper',
    refresh: [],
    install: ['zypper', '--non-interactive', 'install'],
    env: {},
    needsRoot: true,
    packages: { clang: ['clang'], linker: ['lld'], headers: ['glibc-devel', 'libstdc++-devel'] },
    optional: ['mold'],
  },
  {
    name: 'apk',
    program: 'apk',
    refresh: [],
    install: ['apk', 'add', '--update-cache'],
    env: {},
    needsRoot: true,
    packages: { clang: ['clang'], linker: ['lld'], headers: ['build-base'] },
    optional: ['mold'],
  },
  {
    name: 'brew',
    program: 'brew',
    refresh: [],
    install: ['brew', 'install'],
    env: {},
    needsRoot: false,
    packages: { clang: ['llvm'], linker: ['lld'], headers: ['llvm'] },
    optional: [],
  },
];
