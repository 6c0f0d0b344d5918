import type { BaseType, DebugInfo, DebugType } from '../debuginfo/types.js';

/**
 * Finds types by the names that template arguments have: `int`, `const city *`, `std::pair<const int, city>`. Null for
 * what has no type of its own in the debug information, and for names that several different files define.
 */
export function typeFinder(debug: DebugInfo): (name: string) => DebugType | null {
  const known = finders.get(debug);
  if (known !== undefined) return known;
  let byName: ReadonlyMap<string, DebugType | null> | null = null;
  const find = (given: string): DebugType | null => {
    const name = withoutConst(given);
    if (name.endsWith('*')) {
      return {
        kind: 'pointer',
        form: 'pointer',
        size: debug.pointerSize,
        target: find(name.slice(0, -1)) ?? { kind: 'void' },
      };
    }
    byName ??= index(debug);
    return byName.get(oneForm(name)) ?? baseType(name, debug.pointerSize);
  };
  finders.set(debug, find);
  return find;
}

const finders = new WeakMap<DebugInfo, (name: string) => DebugType | null>();

function index({ types }: DebugInfo): ReadonlyMap<string, DebugType | null> {
  const byName = new Map<string, DebugType | null>();
  for (const type of types) {
    if (type.name === null) continue;
    const name = oneForm([...type.scope, type.name].join('::'));
    const other = byName.get(name);
    const isSame =
      other === undefined || (other?.kind === 'record' && type.kind === 'record' && other.size === type.size);
    byName.set(name, isSame ? (other ?? type) : null);
  }
  return byName;
}

function withoutConst(name: string): string {
  return name
    .trim()
    .replace(/^(?:(?:const|volatile|struct|class|enum) )+/, '')
    .replace(/(?: (?:const|volatile))+$/, '')
    .replace(/(?<=\*)(?: ?const)$/, '')
    .trim();
}

/** Compilers differ in blanks: `vector<int, std::allocator<int> >`, `vector<int, std::allocator<int>>`. */
function oneForm(name: string): string {
  return name.replaceAll(' ', '');
}

/** C++ names of the base types, which stand in no scope (LP64: long has the size of a pointer). */
function baseType(name: string, pointer: number): BaseType | null {
  const words = name.split(' ').sort().join(' ');
  const found = bases[words];
  if (found === undefined) return null;
  const [encoding, size] = found;
  return { kind: 'base', name, size: size === 'word' ? pointer : size, encoding };
}

const bases: Readonly<Record<string, readonly [BaseType['encoding'], number | 'word']>> = {
  bool: ['boolean', 1],
  char: ['character', 1],
  'char signed': ['character', 1],
  'char unsigned': ['unsignedCharacter', 1],
  short: ['signed', 2],
  'short unsigned': ['unsigned', 2],
  'int short unsigned': ['unsigned', 2],
  int: ['signed', 4],
  unsigned: ['unsigned', 4],
  'int unsigned': ['unsigned', 4],
  long: ['signed', 'word'],
  'int long': ['signed', 'word'],
  'long unsigned': ['unsigned', 'word'],
  'int long unsigned': ['unsigned', 'word'],
  'long long': ['signed', 8],
  'long long unsigned': ['unsigned', 8],
  float: ['float', 4],
  double: ['float', 8],
};
