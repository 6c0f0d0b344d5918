/**
 * Projects of several sources that are edited at random: headers that some include, types that are declared in one source
 * and defined in another, that move, vanish, change or go by one name with another meaning.
 */
export interface RandomProject {
  /** Texts by file name; the sources in the order they are linked in. */
  files(): ReadonlyMap<string, string>;
  sources(): readonly string[];
  /** Changes one thing, and says what. */
  edit(): string;
}

interface Field {
  name: string;
  type: string;
}

interface Source {
  readonly name: string;
  headers: string[];
  /** Structs of a name that other sources use for their own. */
  own: Field[];
  /** Shared types that it defines; of the others it knows the names alone. */
  defines: string[];
  knows: string[];
  statics: Field[];
  body: number;
  hidden: Field[];
}

const shared = ['depot', 'tram', 'line'];

export function randomProject(random: () => number, cpp: boolean): RandomProject {
  const below = (end: number): number => Math.floor(random() * end);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const chance = (share: number): boolean => random() < share;
  let names = 0;
  const fresh = (prefix: string): string => `${prefix}${++names}`;

  const scalars = ['int', 'long', 'short', 'char', 'double', 'float', 'unsigned', 'unsigned char'];
  const types = [
    ...scalars,
    'int *',
    'char *',
    'void *',
    'struct depot *',
    'struct tram *',
    'struct line *',
    ...(cpp ? ['box<int>', 'box<struct tram *>', 'base *', 'kind', 'base'] : ['enum kind', 'name_t']),
  ];
  // Mostly plain ones: otherwise every source would hang on every other.
  const fieldOf = (from: readonly string[]): Field => ({ name: fresh('f'), type: pick(chance(0.5) ? scalars : from) });
  const fields = (from: readonly string[]): Field[] => Array.from({ length: 1 + below(4) }, () => fieldOf(from));

  const common = { file: 'common.h', enumerators: 3, base: fields(scalars) };
  const headers = new Map<string, Field[]>([
    ['one.h', fields(types)],
    ['two.h', fields(types)],
  ]);
  const definitions = new Map(shared.map((name) => [name, fields(types)]));
  const newSource = (): Source => ({
    name: `${fresh('s')}${cpp ? '.cpp' : '.c'}`,
    headers: [...headers.keys()].filter(() => chance(0.5)),
    own: fields(types),
    defines: [],
    knows: shared.filter(() => chance(0.3)),
    statics: fields(types),
    body: 0,
    hidden: fields(scalars),
  });
  const sources = Array.from({ length: 4 }, newSource);
  for (const name of shared) pick(sources).defines.push(name);

  const record = (name: string, members: readonly Field[]): string =>
    `struct ${name} {\n${members.map((one) => `  ${one.type} ${one.name};`).join('\n')}\n};`;

  const commonText = (): string => {
    const values = Array.from({ length: common.enumerators }, (_, n) => `kind_${n} = ${n * 3}`).join(', ');
    const parts = ['#pragma once', `enum kind { ${values} };`, ...shared.map((name) => `struct ${name};`)];
    if (!cpp) return [...parts, 'typedef struct { char text[8]; int length; } name_t;', ''].join('\n');
    return [
      ...parts,
      'template <class T> struct box { T value; struct inner { T *next; int count; } list; };',
      `struct base { virtual ~base() {} virtual int cost() { return 1; } ${common.base.map((one) => `${one.type} ${one.name};`).join(' ')} };`,
      'inline int counted() { static int calls; return ++calls; }',
      '',
    ].join('\n');
  };

  const textOf = (source: Source): string => {
    const place = source.name.replace(/\W/g, '_');
    const lines = [`#include "${common.file}"`, ...source.headers.map((name) => `#include "${name}"`)];
    for (const name of source.defines) lines.push(record(name, definitions.get(name) ?? []));
    lines.push(cpp ? `namespace ${place} {` : '', record('own', source.own));
    if (cpp) {
      lines.push('namespace {', record('hidden', source.hidden), 'hidden concealed;', '}');
      lines.push(
        `struct derived : base { ${source.hidden.map((one) => `${one.type} ${one.name};`).join(' ')} int cost() override { return 2; } };`,
      );
      lines.push('derived *made; base *any;');
    }
    lines.push(`${cpp ? '' : 'static '}struct own mine; struct own *listed_${place}[4];`);
    for (const one of source.statics) lines.push(`static ${one.type} ${one.name};`);
    for (const name of source.knows) lines.push(`static struct ${name} *the_${name};`);
    for (const name of source.headers)
      lines.push(`static struct ${name.replace('.h', '')} of_${name.replace('.h', '')};`);
    for (const name of source.defines) lines.push(`struct ${name} ${name}_of_${place};`);
    const used = ['mine', ...source.statics.map((one) => one.name), ...source.knows.map((name) => `the_${name}`)];
    used.push(...source.headers.map((name) => `of_${name.replace('.h', '')}`), ...(cpp ? ['concealed'] : []));
    lines.push(
      'static const void *kept;',
      `int use_${place}(struct own *given, const void *one, int number) {`,
      '  static struct own last; static long calls;',
      ...Array.from({ length: source.body }, (_, n) => `  int local_${n} = number * ${n}; number += local_${n};`),
      '  last = *given; calls++;',
      ...used.map((name) => `  kept = &${name};`),
      ...(cpp ? [`  made = new derived; any = made; number += counted() + concealed.${source.hidden[0]?.name};`] : []),
      '  return number + (kept == one);',
      '}',
      cpp ? '}' : '',
      '',
    );
    return lines.join('\n');
  };

  const change = (list: Field[], from: readonly string[]): string => {
    const at = below(list.length);
    const how = pick(['add', 'remove', 'retype', 'swap']);
    if (how === 'remove' && list.length > 1) list.splice(at, 1);
    else if (how === 'retype') (list[at] as Field).type = pick(from);
    else if (how === 'swap') list.push(...list.splice(at, 1));
    else list.splice(at, 0, fieldOf(from));
    return how;
  };

  const edits: readonly (() => string)[] = [
    () => {
      pick(sources).body++;
      return 'a body grows';
    },
    () => {
      const one = pick(sources);
      one.body = Math.max(0, one.body - 1);
      return 'a body shrinks';
    },
    () => `own: ${change(pick(sources).own, types)}`,
    () => `statics: ${change(pick(sources).statics, types)}`,
    () => `hidden: ${change(pick(sources).hidden, scalars)}`,
    () => `header: ${change(headers.get(pick([...headers.keys()])) as Field[], types)}`,
    () => `shared: ${change(definitions.get(pick(shared)) as Field[], types)}`,
    () => {
      common.enumerators++;
      return 'an enumerator more';
    },
    () => `base: ${change(common.base, scalars)}`,
    () => {
      const one = pick(sources);
      const name = pick([...headers.keys()]);
      const has = one.headers.includes(name);
      one.headers = has ? one.headers.filter((other) => other !== name) : [...one.headers, name];
      return has ? 'an include less' : 'an include more';
    },
    () => {
      const name = pick(shared);
      const from = sources.find((one) => one.defines.includes(name));
      const to = pick(sources);
      if (from !== undefined) from.defines = from.defines.filter((one) => one !== name);
      if (from === undefined || chance(0.6)) to.defines.push(name);
      return 'a type moves, appears or vanishes';
    },
    () => {
      const one = pick(sources);
      const name = pick(shared);
      if (!one.defines.includes(name)) one.defines.push(name);
      return 'a type is defined once more';
    },
    () => {
      sources.splice(below(sources.length + 1), 0, newSource());
      return 'a source more';
    },
    () => {
      if (sources.length > 2) sources.splice(below(sources.length), 1);
      return 'a source less';
    },
    () => {
      sources.push(...sources.splice(below(sources.length), 1));
      return 'sources in another order';
    },
    // Of the same length, so that nothing moves.
    () => {
      const one = pick(sources);
      const [member] = pick([one.own, one.statics, one.hidden, ...headers.values(), ...definitions.values()]);
      if (member !== undefined) member.name = `${member.name.startsWith('f') ? 'g' : 'f'}${member.name.slice(1)}`;
      return 'another name';
    },
    () => {
      common.file = common.file === 'common.h' ? 'shared.h' : 'common.h';
      return 'a header of another name';
    },
    () => 'nothing',
  ];

  return {
    sources: () => sources.map((one) => one.name),
    files: () =>
      new Map([
        [common.file, commonText()],
        ...[...headers].map(([name, list]): [string, string] => [
          name,
          `#pragma once\n#include "${common.file}"\n${record(name.replace('.h', ''), list)}\n`,
        ]),
        ...sources.map((one): [string, string] => [one.name, textOf(one)]),
      ]),
    edit: () => (chance(0.35) ? (edits[0] as () => string)() : pick(edits)()),
  };
}
