import { execa } from 'execa';

/** One way to compile, and the machine it compiles for. */
export interface FuzzCompiler {
  readonly name: string;
  readonly c: readonly string[];
  /** Null where it is not asked for C++. */
  readonly cxx: readonly string[] | null;
}

const quiet = ['-w', '-O0', '-c', '-fPIC'];

const all: readonly FuzzCompiler[] = [
  {
    name: 'clang, DWARF 5',
    c: ['clang', '-gdwarf-5', ...quiet],
    cxx: ['clang++', '-gdwarf-5', '-fstandalone-debug', ...quiet],
  },
  {
    name: 'clang, DWARF 4',
    c: ['clang', '-gdwarf-4', ...quiet],
    cxx: ['clang++', '-gdwarf-4', '-fstandalone-debug', ...quiet],
  },
  {
    name: 'clang, type units',
    c: ['clang', '-gdwarf-5', '-fdebug-types-section', ...quiet],
    cxx: ['clang++', '-gdwarf-5', '-fdebug-types-section', '-fstandalone-debug', ...quiet],
  },
  {
    name: 'gcc, DWARF 5',
    c: ['gcc', '-gdwarf-5', ...quiet],
    cxx: ['g++', '-gdwarf-5', '-femit-class-debug-always', ...quiet],
  },
  {
    name: 'gcc, DWARF 4',
    c: ['gcc', '-gdwarf-4', ...quiet],
    cxx: ['g++', '-gdwarf-4', '-femit-class-debug-always', ...quiet],
  },
  {
    name: 'clang, AArch64',
    c: ['clang', '--target=aarch64-linux-gnu', '-ffreestanding', '-gdwarf-5', ...quiet],
    cxx: ['clang++', '--target=aarch64-linux-gnu', '-ffreestanding', '-gdwarf-5', '-fstandalone-debug', ...quiet],
  },
  ...(['arm64', 'x86_64'] as const).map((machine) => {
    const words = [`--target=${machine}-apple-macos11`, '-ffreestanding', '-nostdlibinc', '-gdwarf-4', ...quiet];
    return {
      name: `clang, ${machine} macOS`,
      c: ['clang', ...words],
      cxx: ['clang++', '-fstandalone-debug', ...words],
    };
  }),
];

/** Those that are installed and compile an empty source. */
export async function findCompilers(): Promise<readonly FuzzCompiler[]> {
  const usable = await Promise.all(all.map((one) => compiles(one)));
  return all.filter((_, n) => usable[n] === true);
}

export const compilerNames: readonly string[] = all.map((one) => one.name);

async function compiles({ c }: FuzzCompiler): Promise<boolean> {
  const [command = '', ...args] = c;
  const result = await execa(command, [...args, '-x', 'c', '-', '-o', '/dev/null'], {
    input: 'int x;\n',
    reject: false,
  });
  return !result.failed;
}
