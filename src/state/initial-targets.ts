import type { ElfFile } from '../objfile/types.js';
import type { SymbolView } from './symbols.js';
import type { Storage } from './types.js';

/** A named place that pointers in initial data may lead to. */
interface Named extends Storage {
  readonly key: string;
}

const longestText = 4096;

/**
 * What the words of initial data lead to, by names that are the same in every build: a function, a variable and the
 * offset in it, a text. The loader fills such words in, and its relocations say with what (gABI chapter 4).
 */
export function readInitialTargets(
  file: ElfFile,
  variables: readonly Named[],
  symbols: SymbolView,
): (address: number) => string | null {
  let targets: ReadonlyMap<number, string> | null = null;
  const read = (): ReadonlyMap<number, string> => {
    const functions = new Map([...symbols.functions].map(([key, { address }]) => [address, key]));
    return new Map(
      file.relocations.map(({ offset, addend, symbol }) => [
        offset,
        symbol === null ? describe(file, addend, functions, variables, symbols.vtables) : `${symbol.name}+${addend}`,
      ]),
    );
  };
  return (address) => {
    targets ??= read();
    return targets.get(address) ?? null;
  };
}

function describe(
  file: ElfFile,
  address: number,
  functions: ReadonlyMap<number, string>,
  variables: readonly Named[],
  vtables: ReadonlyMap<string, Storage>,
): string {
  for (const [name, table] of vtables) {
    if (address >= table.address && address < table.address + table.size) return name;
  }
  const known = functions.get(address);
  if (known !== undefined) return `function ${known}`;
  const variable = variables.find((one) => address >= one.address && address < one.address + one.size);
  if (variable !== undefined) return `${variable.key}+${address - variable.address}`;
  // What has no name in both builds cannot be told apart from what it was.
  return textAt(file, address) ?? 'something';
}

/** Up to its NUL, in whatever section of constants it lies. */
function textAt(file: ElfFile, address: number): string | null {
  const section = file.sections.find(
    (one) => one.allocated && !one.writable && address >= one.addr && address < one.addr + one.size,
  );
  if (section === undefined) return null;
  const bytes = file.sectionData(section).subarray(address - section.addr, address - section.addr + longestText);
  const end = bytes.indexOf(0);
  return `text ${Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1')}`;
}
