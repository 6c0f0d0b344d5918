import { shn } from './constants.js';
import { instructionAttributes, sectionType, stab } from './macho-constants.js';
import { readMachOExports } from './macho-exports.js';
import type { MachOFile, MachOSection, MachOSymbol } from './macho-types.js';
import type { ElfSymbol, SymbolType } from './types.js';

/** `N_WEAK_REF` and `N_WEAK_DEF` of `n_desc` (`mach-o/nlist.h`). */
const weakReference = 0x40;
const weakDefinition = 0x80;

/** C names begin with an underscore in Mach-O; what assembly calls otherwise keeps its name. */
export function plainSymbolName(name: string): string {
  return name.startsWith('_') ? name.slice(1) : name;
}

/** Initial values of a thread-local variable stand under its name and this; the name alone leads to its descriptor. */
const initialValue = '$tlv$init';

/**
 * The symbol table as ELF would have it: local symbols behind the name of the source they come from, which the stabs
 * tell, then those that no source is known of, then the others. What the linker added for itself is left out.
 */
export function imageSymbols(file: MachOFile, all: readonly MachOSymbol[]): readonly ElfSymbol[] {
  const { sources, sizes } = readStabs(all);
  const extents = extentsOf(file, all);
  const convert = (symbol: MachOSymbol): ElfSymbol => readSymbol(file, symbol, sizes, extents);
  const own = all.filter((symbol) => symbol.kind !== 'debug' && isOfSource(file, symbol));
  const local = own.filter((symbol) => !symbol.external);
  const bySource = new Map<string, MachOSymbol[]>();
  for (const symbol of local) {
    const source = sources.get(placeKey(symbol)) ?? '';
    const known = bySource.get(source);
    if (known === undefined) bySource.set(source, [symbol]);
    else known.push(symbol);
  }
  // Those of no known source come last of the local ones, behind a name of nothing.
  const order = [...bySource.keys()].sort((a, b) => Number(a === '') - Number(b === ''));
  const symbols = [
    ...order.flatMap((source) => [sourceSymbol(source), ...(bySource.get(source) ?? []).map(convert)]),
    // A library that has debug information was not stripped, whether it has local symbols or not.
    ...(order.length === 0 && all.some((symbol) => symbol.kind === 'debug') ? [sourceSymbol('')] : []),
    ...own.filter((symbol) => symbol.external).map(convert),
  ];
  return symbols.map((symbol, index) => ({ ...symbol, index }));
}

/** What others can bind to, by the export trie that the loader reads, and what the loader has to find elsewhere. */
export function exportedSymbols(file: MachOFile): readonly ElfSymbol[] {
  const types = new Map((file.symbols ?? []).map((symbol) => [symbol.name, symbol]));
  const exported = readMachOExports(file).map((one): ElfSymbol => {
    const section = file.sections.find((candidate) => isInside(one.address, candidate));
    const type = one.threadLocal ? 'tls' : typeOf(section);
    return {
      ...undefinedSymbol(one.name, one.weak || ((types.get(one.name)?.description ?? 0) & weakDefinition) !== 0),
      type,
      section: one.absolute ? shn.abs : (section?.index ?? shn.abs),
      defined: true,
      value: one.address,
    };
  });
  const wanted = (file.symbols ?? [])
    .filter((symbol) => symbol.kind === 'undefined' && symbol.external && !loaderOwn.has(symbol.name))
    .map((symbol) => undefinedSymbol(symbol.name, (symbol.description & weakReference) !== 0));
  return [...exported, ...wanted].map((symbol, index) => ({ ...symbol, index }));
}

/** The loader's own, which libSystem always brings. */
const loaderOwn: ReadonlySet<string> = new Set(['dyld_stub_binder']);

/** Marks of the linker are symbols too. */
const linkerMarks = /^(__mh_(dylib|bundle|execute)_header|___dso_handle|l[A-Z_].*)$/;

/** Descriptors of thread-local variables are the loader's; their initial values stand for them. */
function isOfSource(file: MachOFile, { name, kind, section }: MachOSymbol): boolean {
  if (name === '' || linkerMarks.test(name) || loaderOwn.has(name)) return false;
  return kind !== 'section' || file.sections[section - 1]?.type !== sectionType.threadLocalVariables;
}

interface Stabs {
  /** Base name of the source by name and address of a symbol. */
  readonly sources: ReadonlyMap<string, string>;
  /** Bytes of functions by address. */
  readonly sizes: ReadonlyMap<number, number>;
}

/**
 * Stabs stand in groups: the source (`N_SO`), its object (`N_OSO`), functions, each followed by a nameless one with its
 * size (`N_FUN`), and static variables (`N_STSYM`); a nameless `N_SO` ends the group.
 */
function readStabs(all: readonly MachOSymbol[]): Stabs {
  const sources = new Map<string, string>();
  const sizes = new Map<number, number>();
  let source = '';
  let lastFunction: number | null = null;
  for (const symbol of all) {
    if (symbol.stab === stab.source && !symbol.name.endsWith('/')) source = symbol.name.split('/').at(-1) ?? '';
    else if (symbol.stab === stab.function && symbol.name === '') {
      if (lastFunction !== null) sizes.set(lastFunction, symbol.value);
      lastFunction = null;
    } else if (symbol.stab === stab.function || symbol.stab === stab.staticVariable) {
      sources.set(placeKey(symbol), source);
      if (symbol.stab === stab.function) lastFunction = symbol.value;
    }
  }
  return { sources, sizes };
}

function placeKey({ name, value }: MachOSymbol): string {
  return `${value} ${name}`;
}

function readSymbol(
  file: MachOFile,
  symbol: MachOSymbol,
  sizes: ReadonlyMap<number, number>,
  extents: (symbol: MachOSymbol) => number,
): ElfSymbol {
  const { external, privateExternal, kind, value } = symbol;
  const defined = kind === 'section' || kind === 'absolute';
  const section = kind === 'section' ? file.sections[symbol.section - 1] : undefined;
  const weak = (symbol.description & (defined ? weakDefinition : weakReference)) !== 0;
  const type = typeOf(section);
  const name = symbol.name.endsWith(initialValue) ? symbol.name.slice(0, -initialValue.length) : symbol.name;
  const isTable = /^__ZT[VT]/.test(symbol.name);
  return {
    ...undefinedSymbol(name, weak),
    bind: external ? (weak ? 'weak' : 'global') : 'local',
    type,
    visibility: privateExternal ? 'hidden' : 'default',
    section: section?.index ?? (kind === 'absolute' ? shn.abs : shn.undef),
    defined,
    // Thread-local symbols count from the start of the block that is copied for each thread.
    value: type === 'tls' ? value - threadStart(file) : value,
    size: type === 'function' ? (sizes.get(value) ?? 0) : isTable || type === 'tls' ? extents(symbol) : 0,
  };
}

/** Where the block that is copied for each thread begins; 0 where there is none. */
export function threadStart({ sections }: MachOFile): number {
  const starts = sections.filter((one) => typeOf(one) === 'tls').map((one) => one.addr);
  return starts.length === 0 ? 0 : Math.min(...starts);
}

/** Bytes from a symbol to the next one of its section, or to its end. */
function extentsOf({ sections }: MachOFile, all: readonly MachOSymbol[]): (symbol: MachOSymbol) => number {
  const next = new Map<string, number>();
  const key = ({ section, value }: MachOSymbol): string => `${section} ${value}`;
  const placed = all.filter((one) => one.kind === 'section').sort((a, b) => b.value - a.value);
  const last = new Map<number, { readonly at: number; readonly end: number }>();
  for (const symbol of placed) {
    const holder = sections[symbol.section - 1];
    if (holder === undefined) continue;
    const above = last.get(symbol.section) ?? { at: holder.addr + holder.size, end: holder.addr + holder.size };
    // Several names of one place all reach to the next one.
    const end = above.at === symbol.value ? above.end : above.at;
    next.set(key(symbol), end);
    last.set(symbol.section, { at: symbol.value, end });
  }
  return (symbol) => Math.max(0, (next.get(key(symbol)) ?? symbol.value) - symbol.value);
}

function typeOf(section: MachOSection | undefined): SymbolType {
  if (section === undefined) return 'none';
  if (section.type === sectionType.threadLocalRegular || section.type === sectionType.threadLocalZeroFill) return 'tls';
  return (section.attributes & instructionAttributes) === 0 ? 'none' : 'function';
}

function isInside(address: number, { addr, size }: MachOSection): boolean {
  return address >= addr && address < addr + size;
}

function sourceSymbol(name: string): ElfSymbol {
  return { ...undefinedSymbol(name, false), name, bind: 'local', type: 'file', section: shn.abs, defined: true };
}

/** A symbol of another library; what is defined here says more. */
export function undefinedSymbol(name: string, weak: boolean): ElfSymbol {
  return {
    index: 0,
    name: plainSymbolName(name),
    bind: weak ? 'weak' : 'global',
    type: 'none',
    visibility: 'default',
    section: shn.undef,
    defined: false,
    value: 0,
    size: 0,
    version: null,
  };
}
