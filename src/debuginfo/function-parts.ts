import { buildFunctionType } from './build-function-type.js';
import { at, tag } from './constants.js';
import { firstWith, textOf, withDeclarations } from './declarations.js';
import type { Entry } from './entry.js';
import type { FunctionParts, Located, UnitBody } from './program-types.js';
import type { FunctionType, Place } from './types.js';

/** A class, because a large program has tens of thousands: what is seldom asked for costs nothing until then. */
class PartsOfFunction implements FunctionParts {
  readonly #body: UnitBody;
  readonly #own: Located;
  #declarations: readonly Located[] | null = null;
  #name: string | null = null;
  #type: FunctionType | null = null;

  constructor(body: UnitBody, entry: Entry) {
    this.#body = body;
    this.#own = { unit: body, entry };
  }

  get name(): string {
    this.#name ??= textOf(this.#all, at.name) ?? '';
    return this.#name;
  }

  get linkageName(): string | null {
    const name = textOf(this.#all, at.linkageName, at.mipsLinkageName);
    return name === this.name ? null : name;
  }

  get type(): FunctionType {
    this.#type ??= functionType(this.#body, this.#all, this.#source);
    return this.#type;
  }

  get scope(): readonly string[] {
    const { unit, entry } = this.#all.at(-1) ?? this.#own;
    return this.#body.program.scopeOf(unit, entry.offset).names;
  }

  get parameterNames(): readonly string[] {
    const { unit, entry } = this.#source;
    const { program } = this.#body;
    return program.children(unit, entry, tag.formalParameter).map((child) => parameterName(this.#body, child));
  }

  get prototyped(): boolean {
    return this.#body.language !== 'c' || this.#all.some((one) => one.entry.flag(at.prototyped));
  }

  get unit(): string {
    return this.#body.name;
  }

  get external(): boolean {
    return this.#all.some((one) => one.entry.flag(at.external));
  }

  get place(): Place {
    const { unit, entry } = firstWith(this.#all, at.declLine) ?? this.#own;
    return this.#body.program.placeOf(unit, entry);
  }

  get #all(): readonly Located[] {
    this.#declarations ??= withDeclarations(this.#body.program, this.#own.unit, this.#own.entry);
    return this.#declarations;
  }

  /** Optimised copies leave out the parameters that they do not need; what they are copied from has all of them. */
  get #source(): Located {
    const all = this.#all;
    return all.find((one) => !one.entry.has(at.abstractOrigin)) ?? all.at(-1) ?? this.#own;
  }
}

/** What is said of the function of an entry, worked out once for all files that have the unit. */
export function functionPartsAt(body: UnitBody, offset: number): FunctionParts {
  const known = body.functions.get(offset) ?? new PartsOfFunction(body, body.program.entry(body, offset));
  body.functions.set(offset, known);
  return known;
}

function functionType({ reader }: UnitBody, all: readonly Located[], source: Located): FunctionType {
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

function parameterName({ program }: UnitBody, child: Entry): string {
  const own = child.string(at.name);
  const origin = own === null ? child.reference(at.abstractOrigin) : null;
  return own ?? (origin === null ? '' : (program.follow(origin).entry.string(at.name) ?? ''));
}
