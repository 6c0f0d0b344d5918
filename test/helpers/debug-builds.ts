import { execFile } from 'node:child_process';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import type {
  DebugFunction,
  DebugInfo,
  DebugType,
  EnumType,
  Field,
  RecordType,
  TypedefType,
  Variable,
} from '../../src/debuginfo/types.js';
import { readElf } from '../../src/objfile/elf.js';
import type { ElfSymbol } from '../../src/objfile/types.js';

const run = promisify(execFile);

/** A way to write debug information that users meet. */
export interface Flavour {
  readonly name: string;
  readonly family: 'clang' | 'gcc';
  readonly args: readonly string[];
}

const flavour = (family: Flavour['family'], ...args: readonly string[]): Flavour => ({
  name: `${family} ${args.join(' ')}`,
  family,
  args,
});

/** What clang and gcc write by default, older versions, and the options that change the form and not the content. */
export const flavours: readonly Flavour[] = [
  flavour('clang', '-gdwarf-5'),
  flavour('clang', '-gdwarf-4'),
  flavour('clang', '-gdwarf-3'),
  flavour('clang', '-gdwarf-2'),
  flavour('clang', '-gdwarf-5', '-g3'),
  flavour('clang', '-gdwarf-5', '-gdwarf64'),
  flavour('clang', '-gdwarf-5', '-fdebug-types-section'),
  flavour('clang', '-gdwarf-4', '-fdebug-types-section'),
  flavour('clang', '-gdwarf-5', '-O2'),
  flavour('gcc', '-gdwarf-5'),
  flavour('gcc', '-gdwarf-4'),
  flavour('gcc', '-gdwarf-3', '-gstrict-dwarf'),
  flavour('gcc', '-gdwarf-2', '-gstrict-dwarf'),
  flavour('gcc', '-gdwarf-5', '-gdwarf64'),
  flavour('gcc', '-gdwarf-5', '-fdebug-types-section'),
  flavour('gcc', '-gdwarf-4', '-fdebug-types-section'),
  flavour('gcc', '-gdwarf-5', '-O2'),
];

export interface DebugBuild extends AsyncDisposable {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly info: DebugInfo;
  variable(name: string): Variable;
  fn(name: string): DebugFunction;
  /** The one type of this name; fails where there are several. */
  record(name: string): RecordType;
  enumeration(name: string): EnumType;
  typedef(name: string): TypedefType;
}

export interface DebugSources {
  /** `{file name: text}`; those that end in .c or .cpp are compiled. */
  readonly files: Readonly<Record<string, string>>;
  readonly flavour?: Flavour;
  readonly args?: readonly string[];
  /** `object` compiles one source and links nothing. */
  readonly output?: 'library' | 'object';
}

const byDefault = flavour('clang', '-gdwarf-5');

/** Compiles sources with a real compiler in a temporary folder and reads what it left. */
export async function debugBuild({ files, flavour = byDefault, args = [], output }: DebugSources): Promise<DebugBuild> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-debug-')));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  const sources = Object.keys(files).filter((name) => /\.(c|cpp)$/.test(name));
  const isCpp = sources.some((name) => name.endsWith('.cpp'));
  const compiler = flavour.family === 'clang' ? (isCpp ? 'clang++' : 'clang') : isCpp ? 'g++' : 'gcc';
  const kind = output === 'object' ? ['-c'] : ['-shared'];
  await run(compiler, [...kind, '-fPIC', ...flavour.args, ...args, '-o', 'out', ...sources], { cwd: path });
  const bytes = new Uint8Array(await readFile(join(path, 'out')));
  const info = readDebugInfo(bytes);
  const type = (kind: string, name: string): DebugInfo['types'][number] =>
    only(
      info.types.filter((one) => one.kind === kind && one.name === name),
      `${kind} ${name}`,
    );
  return {
    path,
    bytes,
    info,
    variable: (name) =>
      only(
        info.variables.filter((one) => one.name === name),
        name,
      ),
    fn: (name) =>
      only(
        info.functions.filter((one) => one.name === name),
        name,
      ),
    record: (name) => asRecord(type('record', name)),
    enumeration: (name) => asEnum(type('enum', name)),
    typedef: (name) => asTypedef(type('typedef', name)),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export function only<T>(found: readonly T[], what: string): T {
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} of ${what}`);
  return first;
}

/** Symbols of a file, of which a test file has some. */
export function symbolsOf({ bytes }: Pick<DebugBuild, 'bytes'>): readonly ElfSymbol[] {
  return readElf(bytes).symbols ?? [];
}

export function fieldOf(record: RecordType, name: string): Field {
  return only(
    record.fields.filter((field) => field.name === name),
    `field ${name}`,
  );
}

/** A type without the typedefs and qualifiers around it. */
export function bare(type: DebugType): DebugType {
  return type.kind === 'typedef' || type.kind === 'qualified' ? bare(type.target) : type;
}

export function asRecord(type: DebugType): RecordType {
  const found = bare(type);
  if (found.kind !== 'record') throw new Error(`${found.kind} is no record`);
  return found;
}

export function asEnum(type: DebugType): EnumType {
  const found = bare(type);
  if (found.kind !== 'enum') throw new Error(`${found.kind} is no enum`);
  return found;
}

function asTypedef(type: DebugType): TypedefType {
  if (type.kind !== 'typedef') throw new Error(`${type.kind} is no typedef`);
  return type;
}

/** A short form of a type for comparison: `const char*`, `int[3][4]`, `struct city`, `int(long,...)`. */
export function spell(type: DebugType): string {
  switch (type.kind) {
    case 'void':
      return 'void';
    case 'base':
    case 'unspecified':
    case 'typedef':
      return type.name;
    case 'record':
      return `${type.form} ${type.name ?? '?'}`;
    case 'enum':
      return `enum ${type.name ?? '?'}`;
    case 'qualified':
      return `${type.qualifier} ${spell(type.target)}`;
    case 'pointer':
      return `${spell(type.target)}${{ pointer: '*', reference: '&', rvalueReference: '&&', memberPointer: '::*' }[type.form]}`;
    case 'array':
      return `${spell(type.element)}${type.dimensions.map((count) => `[${count ?? ''}]`).join('')}`;
    case 'function':
      return `${spell(type.returns)}(${[...type.parameters.map(spell), ...(type.variadic ? ['...'] : [])].join(',')})`;
    default: {
      const unknown: never = type;
      throw new Error(`spell: ${String(unknown)}`);
    }
  }
}
