import { buildFunctionType } from './build-function-type.js';
import { at, tag } from './constants.js';
import { firstWith, textOf, withDeclarations } from './declarations.js';
import type { Entry } from './entry.js';
import { isDiscarded } from './locations.js';
import type { Located, OpenUnit } from './open-unit.js';
import { type CodeRange, firstRange } from './ranges.js';
import type { TypeReader } from './type-reader.js';
import type { DebugFunction, FunctionType, Place } from './types.js';

/** Every function with code in the file (DWARF 5, section 3.3). */
export function readFunctions(reader: TypeReader): readonly DebugFunction[] {
  const { program } = reader;
  const found: DebugFunction[] = [];
  for (const unit of program.units) {
    for (const [position, kind] of unit.index.tags.entries()) {
      if (kind !== tag.subprogram) continue;
      const entry = program.entry(unit, unit.index.offsets[position] ?? 0);
      const code = codeOf(unit, entry);
      if (code !== null) found.push(new FunctionOfFile(reader, { unit, entry }, code));
    }
  }
  return found;
}

/** Section 2.17: a beginning and an end or a length, or a list of ranges where rarely used parts were moved away. */
function codeOf(unit: OpenUnit, entry: Entry): CodeRange | null {
  const low = entry.address(at.lowPc);
  const code = low === null ? firstRange(unit, entry) : { ...low, size: sizeFrom(entry, low.address) };
  return code === null || isDiscarded(unit, { ...code, threadLocal: false }) ? null : code;
}

function sizeFrom(entry: Entry, low: number): number {
  const high = entry.address(at.highPc);
  return high === null ? (entry.number(at.highPc) ?? 0) : high.address - low;
}

/** A class, because a large program has tens of thousands: what is seldom asked for costs nothing until then. */
class FunctionOfFile implements DebugFunction {
  readonly name: string;
  readonly linkageName: string | null;
  readonly address: number;
  readonly section: number | null;
  readonly size: number;
  readonly #reader: TypeReader;
  readonly #all: readonly Located[];
  readonly #own: Located;
  #type: FunctionType | null = null;

  constructor(reader: TypeReader, own: Located, code: CodeRange) {
    const all = withDeclarations(reader.program, own.unit, own.entry);
    this.name = textOf(all, at.name) ?? '';
    const linkageName = textOf(all, at.linkageName, at.mipsLinkageName);
    this.linkageName = linkageName === this.name ? null : linkageName;
    this.address = code.address;
    this.section = code.section;
    this.size = code.size;
    this.#reader = reader;
    this.#all = all;
    this.#own = own;
  }

  get type(): FunctionType {
    this.#type ??= functionType(this.#reader, this.#all, this.#source);
    return this.#type;
  }

  get scope(): readonly string[] {
    const { unit, entry } = this.#declared;
    return this.#reader.program.scopeOf(unit, entry.offset).names;
  }

  get parameterNames(): readonly string[] {
    const { unit, entry } = this.#source;
    const { program } = this.#reader;
    return program.children(unit, entry, tag.formalParameter).map((child) => parameterName(this.#reader, child));
  }

  get prototyped(): boolean {
    return this.#own.unit.language !== 'c' || this.#all.some((one) => one.entry.flag(at.prototyped));
  }

  get external(): boolean {
    return this.#all.some((one) => one.entry.flag(at.external));
  }

  get unit(): string {
    return this.#own.unit.name;
  }

  get place(): Place {
    const { unit, entry } = firstWith(this.#all, at.declLine) ?? this.#own;
    return this.#reader.program.placeOf(unit, entry);
  }

  get #declared(): Located {
    return this.#all.at(-1) ?? this.#own;
  }

  /** Optimised copies leave out the parameters that they do not need; what they are copied from has all of them. */
  get #source(): Located {
    return this.#all.find((one) => !one.entry.has(at.abstractOrigin)) ?? this.#declared;
  }
}

function functionType(reader: TypeReader, all: readonly Located[], source: Located): FunctionType {
  const own = buildFunctionType(reader, source.unit, source.entry);
  return {
    kind: 'function',
    get returns() {
      return reader.typeOf((firstWith(all, at.type) ?? source).entry);
    },
    get parameters() {
      return own.parameters;
    },
    get variadic() {
      return own.variadic;
    },
  };
}

function parameterName({ program }: TypeReader, child: Entry): string {
  const own = child.string(at.name);
  const origin = own === null ? child.reference(at.abstractOrigin) : null;
  return own ?? (origin === null ? '' : (program.follow(origin).entry.string(at.name) ?? ''));
}
