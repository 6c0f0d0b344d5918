import type { NamedType, RecordType } from '../../debuginfo/types.js';
import { strip } from '../../layout/strip.js';
import { libraryNamespaces } from '../changed-records.js';
import type { StateModel } from '../types.js';
import { labelOf } from './labels.js';

/** Every complete record of one build by its full name, and the classes that are derived from it. */
export interface TypeIndex {
  /** Several where one name stands for several types. */
  named(name: string): readonly RecordType[];
  /** Names of the classes that are derived from one of this name, directly or through others. */
  derivedFrom(name: string): readonly string[];
}

/** Reads every type of a build, so it is made only when something asks for it. */
export function createTypeIndex({ debug }: StateModel): TypeIndex {
  let units: readonly UnitIndex[] | null = null;
  const all = (): readonly UnitIndex[] => {
    units ??= (debug?.typesByUnit(libraryNamespaces) ?? []).map(indexOf);
    return units;
  };
  const names = new Map<string, readonly RecordType[]>();
  const find = (name: string): readonly RecordType[] => {
    if (!isOfLibrary(name.split('::')[0] ?? '') || !name.includes('::')) {
      return all().flatMap((unit) => unit.names.get(name) ?? none);
    }
    // Those of the C++ library are thousands, and few of them are asked for.
    return (debug?.recordsNamed(lastName(name)) ?? []).filter((type) => type.complete && fullName(type) === name);
  };
  const derivedFrom = (name: string): readonly string[] => {
    const found = new Set<string>();
    const open = [name];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const base = next;
      for (const child of all().flatMap((unit) => unit.children.get(base) ?? [])) {
        if (!found.has(child)) open.push(child);
        found.add(child);
      }
    }
    return [...found];
  };
  return {
    named(name) {
      const known = names.get(name) ?? find(name);
      names.set(name, known);
      return known;
    },
    derivedFrom,
  };
}

const none: readonly RecordType[] = [];

/** The complete records of one unit by their names, and by those of what they are derived from. */
interface UnitIndex {
  readonly names: ReadonlyMap<string, readonly RecordType[]>;
  readonly children: ReadonlyMap<string, readonly string[]>;
}

/** Builds share what they have of one reading. */
const indexes = new WeakMap<readonly NamedType[], UnitIndex>();

function indexOf(unit: readonly NamedType[]): UnitIndex {
  const known = indexes.get(unit);
  if (known !== undefined) return known;
  const records = unit.filter((type) => type.kind === 'record').filter((record) => record.complete);
  const made = {
    names: group(records.map((record) => [fullName(record), record] as const)),
    children: group(records.flatMap((one) => basesOf(one).map((base) => [fullName(base), fullName(one)] as const))),
  };
  indexes.set(unit, made);
  return made;
}

function isOfLibrary(namespace: string): boolean {
  return libraryNamespaces.includes(namespace);
}

const anonymousNamespace = '(anonymous namespace)';

/** `ns::city`, as it also stands among the arguments of a template. */
export function fullName(record: RecordType): string {
  if (record.name === null) return labelOf(record);
  return [...record.scope.map((one) => (one === '' ? anonymousNamespace : one)), record.name].join('::');
}

/** `map<int, ns::city>` of `std::map<int, ns::city>`. */
function lastName(name: string): string {
  let depth = 0;
  let start = 0;
  for (let n = 0; n < name.length; n++) {
    const sign = name[n];
    if (opens(sign)) depth++;
    if (closes(sign)) depth--;
    if (depth === 0 && sign === ':' && name[n + 1] === ':') start = n + 2;
  }
  return name.slice(start);
}

function opens(sign: string | undefined): boolean {
  return sign === '<' || sign === '(' || sign === '{';
}

function closes(sign: string | undefined): boolean {
  return sign === '>' || sign === ')' || sign === '}';
}

/**
 * Full names of the types that a template was made with, those inside them included: of
 * `map<int, std::vector<ns::city *> >` they are `int`, `std::vector<ns::city *>` and `ns::city`. Debug information lists
 * arguments too, but the name holds all that is needed to look types up.
 */
export function templateArguments(name: string): readonly string[] {
  const open = name.indexOf('<');
  const close = name.lastIndexOf('>');
  if (open < 0 || close < open) return [];
  return splitArguments(name.slice(open + 1, close)).flatMap((one) => {
    const plain = one
      .replaceAll('{anonymous}', anonymousNamespace)
      .replace(/^(const |volatile |struct |class )+/, '')
      .replace(/( const| volatile|[*&\s])+$/, '')
      .trim();
    return [plain, ...templateArguments(plain)];
  });
}

function splitArguments(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let n = 0; n < text.length; n++) {
    const sign = text[n];
    if (opens(sign)) depth++;
    if (closes(sign)) depth--;
    if (sign !== ',' || depth !== 0) continue;
    parts.push(text.slice(start, n).trim());
    start = n + 1;
  }
  return [...parts, text.slice(start).trim()];
}

function basesOf(record: RecordType): readonly RecordType[] {
  return record.bases.flatMap(({ type }) => {
    const plain = strip(type);
    return plain.kind === 'record' ? [plain] : [];
  });
}

function group<T>(pairs: readonly (readonly [string, T])[]): ReadonlyMap<string, readonly T[]> {
  const grouped = new Map<string, T[]>();
  for (const [name, record] of pairs) {
    const known = grouped.get(name);
    if (known === undefined) grouped.set(name, [record]);
    else known.push(record);
  }
  return grouped;
}
