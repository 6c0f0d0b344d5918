import type { Random } from './random.js';

/** A source and what is asked about its types. */
export interface Generated {
  readonly source: string;
  readonly language: 'c' | 'c++';
  readonly checks: readonly Check[];
}

/** One question: what the compiler says is the n-th number of the array `checks`, or the bytes of a constant object. */
export type Check =
  | { readonly about: 'size'; readonly record: string; readonly text: string }
  | { readonly about: 'offset'; readonly record: string; readonly field: string; readonly text: string }
  | { readonly about: 'fieldSize'; readonly record: string; readonly field: string; readonly text: string }
  | { readonly about: 'enumerator'; readonly record: string; readonly field: string; readonly text: string }
  /** All bits of one bit-field are set in the constant `object`. */
  | {
      readonly about: 'bits';
      readonly record: string;
      readonly field: string;
      readonly object: string;
      readonly text: string;
    };

interface FieldText {
  readonly declaration: string;
  /** Null for a bit-field without a name. */
  readonly name: string | null;
  readonly bits: boolean;
  /** `sizeof` may be asked. */
  readonly sized: boolean;
}

const integers = ['char', 'signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned', 'long'];
const wide = ['unsigned long', 'long long', 'unsigned long long', 'float', 'double', 'long double', '__int128'];

/** What a generator keeps in mind: the types that later ones may use. */
interface Making {
  readonly random: Random;
  readonly language: 'c' | 'c++';
  readonly prefix: string;
  readonly records: string[];
  readonly enums: string[];
  readonly lines: string[];
  readonly checks: Check[];
  /** Declarations of constants with one bit-field set. */
  readonly objects: string[];
}

/** A source of `count` records in C or C++, and of some enumerations for them. */
export function generate(random: Random, language: 'c' | 'c++', count: number): Generated {
  const making: Making = { random, language, prefix: 't', records: [], enums: [], lines: [], checks: [], objects: [] };
  for (let n = 0; n < count; n++) {
    if (random.once(5)) makeEnum(making, n);
    if (language === 'c++' && random.once(2)) makeClass(making, n);
    else makeRecord(making, n);
  }
  return { source: sourceOf(making), language, checks: making.checks };
}

function sourceOf({ language, lines, checks, objects, records }: Making): string {
  const numbers = checks.flatMap((check) => (check.about === 'bits' ? [] : [`(unsigned long long)(${check.text})`]));
  const external = language === 'c++' ? 'extern "C" ' : '';
  return [
    '#include <stddef.h>',
    ...lines,
    // A type that nothing uses is not described.
    ...records.map((name, n) => `${name} *use_${n}(${name} *p) { return p; }`),
    ...objects.map((object) => `${external}${object}`),
    `${external}const unsigned long long checks[] = {${numbers.join(',\n')}};`,
    '',
  ].join('\n');
}

function makeEnum({ random, language, enums, lines, checks }: Making, n: number): void {
  const name = `e${n}`;
  const start = random.pick(['', ' = -5', ' = 200', ' = 0x7fffffff', ' = 0x80000000u', ' = -2147483647 - 1']);
  const members = Array.from({ length: 1 + random.below(5) }, (_, m) => `${name}_${m}`);
  const scoped = language === 'c++' && random.once(3);
  const below = scoped ? random.pick(['', ' : char', ' : unsigned short', ' : long long']) : '';
  const first = below === '' || start === '' || start === ' = -5' ? (below.includes('unsigned') ? '' : start) : '';
  const last = first.includes('0x7fffffff') ? ' = 12' : '';
  const body = members.map((member, m) => `${member}${m === 0 ? first : m === 1 ? last : ''}`).join(', ');
  lines.push(`enum ${scoped ? 'class ' : ''}${name}${below} { ${body} };`);
  enums.push(`enum ${name}`);
  const prefix = scoped ? `${name}::` : '';
  for (const member of members) {
    checks.push({ about: 'enumerator', record: name, field: member, text: `(long long)${prefix}${member}` });
  }
  lines.push(`enum ${name} use_${name}(enum ${name} v) { return v; }`);
}

function makeRecord(making: Making, n: number): void {
  const { random, language, records, lines } = making;
  const name = `${making.prefix}${n}`;
  const form = random.once(6) ? 'union' : 'struct';
  const packed = random.once(8) ? ' __attribute__((packed))' : '';
  const aligned = random.once(10) ? ` __attribute__((aligned(${2 ** (1 + random.below(6))})))` : '';
  const fields = makeFields(making, form, 1 + random.below(9), 0, 'f');
  const flexible = form === 'struct' && fields.length > 0 && random.once(9);
  if (flexible)
    fields.push({ declaration: `${random.pick(integers)} tail[];`, name: 'tail', bits: false, sized: false });
  lines.push(`${form}${packed}${aligned} ${name} { ${fields.map((field) => field.declaration).join(' ')} };`);
  const type = language === 'c' ? `${form} ${name}` : name;
  // A flexible array may not be embedded.
  if (!flexible) records.push(type);
  else lines.push(`${type} *use_${name}(${type} *p) { return p; }`);
  ask(making, name, type, fields);
}

/** Questions about a record that is complete. */
function ask(
  { checks, objects, language }: Making,
  name: string,
  type: string,
  fields: readonly FieldText[],
  bits = true,
): void {
  checks.push({ about: 'size', record: name, text: `sizeof(${type})` });
  for (const field of fields) {
    if (field.name === null) continue;
    if (!field.bits) {
      checks.push({ about: 'offset', record: name, field: field.name, text: `offsetof(${type}, ${field.name})` });
      if (field.sized) {
        checks.push({
          about: 'fieldSize',
          record: name,
          field: field.name,
          text: `sizeof(((${type} *)0)->${field.name})`,
        });
      }
      continue;
    }
    if (!bits || language === 'c++') continue;
    const object = `o_${name}_${field.name}`;
    objects.push(`const ${type} ${object} = {.${field.name} = -1};`);
    checks.push({ about: 'bits', record: name, field: field.name, object, text: `${type}.${field.name}` });
  }
}

function makeFields(making: Making, form: string, count: number, depth: number, prefix: string): FieldText[] {
  const fields: FieldText[] = [];
  for (let n = 0; n < count; n++) fields.push(...makeField(making, form, `${prefix}${n}`, depth));
  return fields;
}

function makeField(making: Making, form: string, name: string, depth: number): readonly FieldText[] {
  const { random, language, enums, records } = making;
  const kind = random.below(20);
  if (kind < 4) return [makeBitField(random, name, form)];
  if (kind === 4 && depth < 2) return makeAnonymous(making, name, depth);
  const qualifier = random.once(12) ? (language === 'c' ? random.pick(['volatile ', '_Atomic ']) : 'volatile ') : '';
  const plain = (type: string, after = ''): readonly FieldText[] => [
    { declaration: `${type} ${name}${after};`, name, bits: false, sized: true },
  ];
  if (kind === 5) return plain(`${random.pick([...integers, 'void', 'struct opaque'])} *`);
  if (kind === 6) return [{ declaration: `int (*${name})(int, const char *);`, name, bits: false, sized: true }];
  if (kind === 7 && enums.length > 0) return plain(language === 'c' ? random.pick(enums) : random.pick(enums));
  if (kind === 8) return plain(language === 'c' ? '_Bool' : 'bool');
  if (kind === 9 && language === 'c')
    return plain(random.pick(['float', 'double']) === 'float' ? '_Complex float' : '_Complex double');
  // A union, and what has no name, may hold no object with a constructor of its own.
  const anyRecord = language === 'c' || (form === 'struct' && depth === 0);
  if (kind < 13 && records.length > 0 && anyRecord) {
    const type = random.pick(records);
    return random.once(3) ? plain(type, `[${1 + random.below(4)}]`) : plain(type);
  }
  if (kind === 13) {
    const type = random.pick(integers);
    return [
      {
        declaration: `_Alignas_(${2 ** (3 + random.below(3))}) ${type} ${name};`.replace(
          '_Alignas_',
          language === 'c' ? '_Alignas' : 'alignas',
        ),
        name,
        bits: false,
        sized: true,
      },
    ];
  }
  const type = random.pick(random.once(3) ? wide : integers);
  if (random.once(4)) {
    const dimensions = Array.from({ length: 1 + random.below(3) }, () => `[${1 + random.below(5)}]`).join('');
    return plain(type, dimensions);
  }
  if (random.once(30)) return plain(type, '[0]');
  return plain(`${qualifier}${type}`);
}

const widths: Readonly<Record<string, number>> = {
  'signed char': 8,
  'unsigned char': 8,
  short: 16,
  'unsigned short': 16,
  int: 32,
  unsigned: 32,
  long: 64,
  'unsigned long long': 64,
};

function makeBitField(random: Random, name: string, form: string): FieldText {
  const type = random.pick(Object.keys(widths));
  if (form === 'struct' && random.once(8)) {
    return {
      declaration: `${type} : ${random.once(2) ? 0 : 1 + random.below(7)};`,
      name: null,
      bits: true,
      sized: false,
    };
  }
  const most = widths[type] ?? 32;
  return { declaration: `${type} ${name} : ${1 + random.below(most)};`, name, bits: true, sized: false };
}

/** Its fields are those of the record around it. */
function makeAnonymous(making: Making, name: string, depth: number): readonly FieldText[] {
  const form = making.random.once(2) ? 'union' : 'struct';
  const inner = makeFields(making, form, 1 + making.random.below(3), depth + 1, `${name}_`);
  const declaration = `${form} { ${inner.map((field) => field.declaration).join(' ')} };`;
  return [
    { declaration, name: null, bits: false, sized: false },
    ...inner.map((field) => ({ ...field, declaration: '' })),
  ];
}

/** A class with bases and virtual functions. Where its fields lie is asked through the fields, inherited ones too. */
function makeClass(making: Making, n: number): void {
  const { random, records, lines } = making;
  const name = `c${n}`;
  const classes = records.filter((one) => /^c\d+$/.test(one));
  const bases = [
    ...new Set(Array.from({ length: random.below(3) }, () => (classes.length > 0 ? random.pick(classes) : ''))),
  ].filter((one) => one !== '');
  const fields = makeFields(making, 'struct', random.below(6), 0, `${name}f`).filter((field) => !field.bits);
  const virtual = random.once(3) ? `virtual void ${name}_v() {} ` : '';
  const statics = random.once(4) ? `static int ${name}_s; ` : '';
  const word = random.once(2) ? 'class' : 'struct';
  const inherits = bases.length === 0 ? '' : ` : ${bases.map((base) => `public ${base}`).join(', ')}`;
  lines.push(
    `${word} ${name}${inherits} { public: ${virtual}${statics}${fields.map((field) => field.declaration).join(' ')} };`,
  );
  if (statics !== '') lines.push(`int ${name}::${name}_s;`);
  records.push(name);
  ask(making, name, name, fields, false);
}
