import type { Address } from './addresses.js';
import { functionAround } from './code-frames.js';
import { at, tag } from './constants.js';
import { Entry } from './entry.js';
import { functionPartsAt } from './function-parts.js';
import { isDiscarded } from './locations.js';
import type { FunctionParts, OpenUnit, Program } from './program-types.js';
import { codeRanges, firstRange } from './ranges.js';
import type { DebugFunction, FunctionType, Place } from './types.js';

/** Every function with code in the file (DWARF 5, section 3.3). */
export function readFunctions(program: Program): readonly DebugFunction[] {
  const found: DebugFunction[] = [];
  forEachFunction(program, (unit, start) => found.push(new FunctionOfFile(unit, start)));
  return found;
}

/**
 * The functions that begin at these addresses of a linked file; several at one where the linker folded them into one.
 * A library of templates has ten thousands of others.
 */
export function readFunctionsAt(
  program: Program,
  addresses: ReadonlySet<number>,
): ReadonlyMap<number, readonly DebugFunction[]> {
  const found = new Map<number, DebugFunction[]>();
  forEachFunction(program, (unit, one) => {
    const { address } = one.start;
    if (!addresses.has(address)) return;
    const all = found.get(address) ?? [];
    all.push(new FunctionOfFile(unit, one));
    found.set(address, all);
  });
  return found;
}

/** The function whose code holds an address of a linked file. */
export function readFunctionAround(program: Program, address: number): DebugFunction | null {
  const own = functionAround(program, address);
  const start = own === null ? undefined : codeRanges(own.unit, own.entry)[0];
  return own === null || start === undefined ? null : new FunctionOfFile(own.unit, { offset: own.entry.offset, start });
}

function forEachFunction(program: Program, visit: (unit: OpenUnit, start: Start) => void): void {
  for (const unit of program.units) {
    const known = starts.get(unit) ?? readStarts(program, unit);
    starts.set(unit, known);
    for (const start of known) visit(unit, start);
  }
}

interface Start {
  readonly offset: number;
  readonly start: Address;
}

/** Read once for each unit of a file: two builds are asked for their functions again and again. */
const starts = new WeakMap<OpenUnit, readonly Start[]>();

function readStarts(program: Program, unit: OpenUnit): readonly Start[] {
  return codeOf(program, unit).flatMap((offset): readonly Start[] => {
    const entry = program.entry(unit, offset);
    const start = entry.address(at.lowPc) ?? (entry.has(at.ranges) ? firstRange(unit, entry) : null);
    return start === null || isDiscarded(unit, start) ? [] : [{ offset, start }];
  });
}

/** Offsets of the functions that may have code; most of a C++ library's are only declared. */
function codeOf(program: Program, unit: OpenUnit): readonly number[] {
  const { facts } = unit.body;
  facts.code ??= unit.index.offsets.filter((offset, position) => {
    if (unit.index.tags[position] !== tag.subprogram) return false;
    const entry = program.entry(unit, offset);
    return entry.has(at.lowPc) || entry.has(at.ranges);
  });
  return facts.code;
}

/** What every file that has its unit says of it, and where its code lies in this one. */
class FunctionOfFile implements DebugFunction {
  readonly address: number;
  readonly section: number | null;
  readonly #unit: OpenUnit;
  readonly #offset: number;
  #known: FunctionParts | null = null;

  constructor(unit: OpenUnit, { offset, start }: Start) {
    this.address = start.address;
    this.section = start.section;
    this.#unit = unit;
    this.#offset = offset;
  }

  get name(): string {
    return this.#parts.name;
  }

  get linkageName(): string | null {
    return this.#parts.linkageName;
  }

  get size(): number {
    return codeRanges(this.#unit, new Entry(this.#unit, this.#offset))[0]?.size ?? 0;
  }

  get type(): FunctionType {
    return this.#parts.type;
  }

  get scope(): readonly string[] {
    return this.#parts.scope;
  }

  get parameterNames(): readonly string[] {
    return this.#parts.parameterNames;
  }

  get prototyped(): boolean {
    return this.#parts.prototyped;
  }

  get external(): boolean {
    return this.#parts.external;
  }

  get unit(): string {
    return this.#parts.unit;
  }

  get place(): Place {
    return this.#parts.place;
  }

  get #parts(): FunctionParts {
    this.#known ??= functionPartsAt(this.#unit.body, this.#offset);
    return this.#known;
  }
}
