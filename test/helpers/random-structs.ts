/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Leaf {
  readonly path: string;
  /** Bits that both the old and the new form of it have. */
  readonly bits: number;
  readonly signed: boolean;
  readonly float: boolean;
}

export interface RandomPair {
  readonly before: string;
  readonly after: string;
  /** Places that both builds have. */
  readonly leaves: readonly Leaf[];
  /** Places that only the new one has. */
  readonly added: readonly string[];
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly wider: string;
  readonly bits: number;
  readonly signed: boolean;
  readonly float: boolean;
  /** Of a bit-field; 0 for none. */
  readonly width: number;
  readonly counts: readonly number[];
  readonly struct: Struct | null;
}

interface Struct {
  readonly name: string;
  readonly fields: readonly Field[];
}

const numbers = [
  { type: 'signed char', wider: 'int', bits: 8, signed: true, float: false },
  { type: 'unsigned char', wider: 'unsigned long', bits: 8, signed: false, float: false },
  { type: 'short', wider: 'long', bits: 16, signed: true, float: false },
  { type: 'int', wider: 'long', bits: 32, signed: true, float: false },
  { type: 'unsigned', wider: 'double', bits: 32, signed: false, float: false },
  { type: 'long', wider: 'long', bits: 50, signed: true, float: false },
  { type: 'float', wider: 'double', bits: 32, signed: true, float: true },
  { type: 'double', wider: 'double', bits: 64, signed: true, float: true },
] as const;

/** Two versions of one source: structs in structs and in arrays, whose fields are shuffled, widened, added and taken away. */
export function randomPair(random: () => number): RandomPair {
  const pick = (count: number): number => Math.floor(random() * count);
  let serial = 0;
  const makeStruct = (depth: number): Struct => {
    const fields = Array.from({ length: 2 + pick(5) }, () => makeField(depth));
    return { name: `s${serial++}`, fields };
  };
  const makeField = (depth: number): Field => {
    const name = `f${serial++}`;
    const counts = random() < 0.3 ? Array.from({ length: 1 + pick(2) }, () => 1 + pick(4)) : [];
    if (depth > 0 && random() < 0.35) {
      const struct = makeStruct(depth - 1);
      const type = `struct ${struct.name}`;
      return { name, type, wider: type, bits: 0, signed: false, float: false, width: 0, counts, struct };
    }
    const number = numbers[pick(numbers.length)] ?? numbers[3];
    const isField = !number.float && number.bits <= 32 && random() < 0.25;
    if (!isField) return { name, ...number, width: 0, counts, struct: null };
    const width = 1 + pick(number.bits);
    return { name, ...number, wider: number.type, bits: width, width, counts: [], struct: null };
  };

  const root = makeStruct(3);
  const [old, now] = [new Map<string, string>(), new Map<string, string>()];
  const leaves: Leaf[] = [];
  const added: string[] = [];

  const shuffled = <T>(all: readonly T[]): readonly T[] =>
    all
      .map((one) => [random(), one] as const)
      .sort((a, b) => a[0] - b[0])
      .map(([, one]) => one);

  const declare = ({ name, counts, width }: Field, type: string): string =>
    `${type} ${name}${counts.map((count) => `[${count}]`).join('')}${width > 0 ? ` : ${width}` : ''};`;

  /** Definitions of one struct in both versions; answers which fields both have and which are new. */
  const kept = new Map<string, { readonly both: readonly Field[]; readonly fresh: readonly string[] }>();
  const define = (struct: Struct): void => {
    for (const field of struct.fields) if (field.struct !== null) define(field.struct);
    const both = struct.fields.filter(() => random() < 0.85);
    const fresh = Array.from({ length: pick(3) }, () => `n${serial++}`);
    const lines = [
      ...both.map((field) => declare(field, random() < 0.3 ? field.wider : field.type)),
      ...fresh.map((name) => `int ${name};`),
    ];
    old.set(struct.name, struct.fields.map((field) => declare(field, field.type)).join(' '));
    now.set(struct.name, (random() < 0.7 ? shuffled(lines) : lines).join(' '));
    kept.set(struct.name, { both, fresh });
  };
  define(root);

  const list = (struct: Struct, path: string): void => {
    const { both = [], fresh = [] } = kept.get(struct.name) ?? {};
    for (const name of fresh) added.push(`${path}.${name}`);
    for (const field of both) {
      let places = [`${path}.${field.name}`];
      for (const count of field.counts) {
        places = places.flatMap((place) => Array.from({ length: count }, (_, n) => `${place}[${n}]`));
      }
      for (const place of places) {
        if (field.struct !== null) list(field.struct, place);
        else leaves.push({ path: place, bits: field.bits, signed: field.signed, float: field.float });
      }
    }
  };
  for (const n of [0, 1, 2]) list(root, `g[${n}]`);

  const source = (bodies: ReadonlyMap<string, string>): string => {
    const definitions = [...bodies].map(([name, body]) => `struct ${name} { ${body === '' ? 'char none;' : body} };`);
    return `${definitions.join('\n')}\nstruct ${root.name} g[3];\nvoid *use(void) { return g; }\n`;
  };
  return { before: source(old), after: source(now), leaves, added };
}
