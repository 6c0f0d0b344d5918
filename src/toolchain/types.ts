import type { Need } from './package-managers.js';
import type { Part } from './parts.js';

/** The programs that build a module, as found on this machine. */
export interface Toolchain {
  readonly compiler: {
    readonly path: string;
    /** Major number: 14. */
    readonly version: number;
    /** First line of what the compiler says about itself. */
    readonly versionText: string;
    readonly kind: 'clang' | 'apple-clang' | 'gcc';
  };
  /** The compiler that links C++ (`clang++` beside `clang`). */
  readonly cxx: string;
  readonly linker: {
    /** For `-fuse-ld=`; `ld` is the compiler's own default and is not named to it. */
    readonly name: 'mold' | 'lld' | 'bfd' | 'ld';
    readonly path: string;
    /** Where the user named a linker by its path: what the compiler is given in place of `-fuse-ld=`. */
    readonly args?: readonly string[];
  };
  /** Changes whenever the compiler does: path, size, time and version. Part of every cache key. */
  readonly identity: string;
}

/** One thing the machine must have. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'missing' | 'broken';
  /** What was found, or what is wrong with it. */
  readonly detail: string;
  /** What to do about it; empty where nothing needs doing. */
  readonly fix: string;
  /** What a package of the system would mend it; null where no package does. */
  readonly need: Need | null;
  /** The package of the npm registry that it is missing; brought by `bringPart`. */
  readonly part?: Part;
}
