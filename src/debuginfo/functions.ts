import type { Address } from './addresses.js';
import { buildFunctionType } from './build-function-type.js';
import { functionAround } from './code-frames.js';
import { at, tag } from './constants.js';
import { firstWith, textOf, withDeclarations } from './declarations.js';
import type { Entry } from './entry.js';
import { isDiscarded } from './locations.js';
import type { Located } from './open-unit.js';
import { codeRanges, firstRange } from './ranges.js';
import type { TypeReader } from './type-reader.js';
import type { DebugFunction, FunctionType, Place } from './types.js';

/** Every function with code in the file (DWARF 5, section 3.3). */
export function readFunctions(reader: TypeReader): readonly DebugFunction[] {
  const found: DebugFunction[] = [];
  forEachFunction(reader, (own, start) => found.push(new FunctionOfFile(reader, own, start)));
  return found;
}

/**
 * The functions that begin at these addresses of a linked file; several at one where the linker folded them into one.
 * A library of templates has ten thousands of others.
 */
export function readFunctionsAt(
  reader: TypeReader,
  addresses: ReadonlySet<number>,
): ReadonlyMap<number, readonly DebugFunction[]> {
  const found = new Map<number, DebugFunction[]>();
  forEachFunction(reader, (own, start) => {
    if (!addresses.has(start.address)) return;
    const all = found.get(start.address) ?? [];
    all.push(new FunctionOfFile(reader, own, start));
    found.set(start.address, all);
  });
  return found;
}

/** The function whose code holds an address of a linked file. */
export function readFunctionAround(reader: TypeReader, address: number): DebugFunction | null {
  const own = functionAround(reader.program, address);
  const start = own === null ? undefined : codeRanges(own.unit, own.entry)[0];
  return own === null || start === undefined ? null : new FunctionOfFile(reader, own, start);
}

function forEachFunction({ program }: TypeReader, visit: (own: Located, start: Address) => void): void {
  for (const unit of program.units) {
    const { tags, offsets } = unit.index;
    for (let position = 0; position < tags.length; position++) {
      if (tags[position] !== tag.subprogram) continue;
      const entry = program.entry(unit, offsets[position] ?? 0);
      const start = entry.address(at.lowPc) ?? (entry.has(at.ranges) ? firstRange(unit, entry) : null);
      if (start !== null && !isDiscarded(unit, start)) visit({ unit, entry }, start);
    }
  }
}

/** A class, because a large program has tens of thousands: what is seldom asked for costs nothing until then. */
class FunctionOfFile implements DebugFunction {
  readonly address: number;
  readonly section: number | null;
  readonly #reader: TypeReader;
  readonly #own: Located;
  #declarations: readonly Located[] | null = null;
  #type: FunctionType | null = null;

  constructor(reader: TypeReader, own: Located, start: Address) {
    this.address = start.address;
    this.section = start.section;
    this.#reader = reader;
    this.#own = own;
  }

  get name(): string {
    return textOf(this.#all, at.name) ?? '';
  }

  get linkageName(): string | null {
    const name = textOf(this.#all, at.linkageName, at.mipsLinkageName);
    return name === this.name ? null : name;
  }

  get size(): number {
    return codeRanges(this.#own.unit, this.#own.entry)[0]?.size ?? 0;
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

  get #all(): readonly Located[] {
    this.#declarations ??= withDeclarations(this.#reader.program, this.#own.unit, this.#own.entry);
    return this.#declarations;
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
