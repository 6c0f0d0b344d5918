import { at } from './constants.js';
import { firstWith, textOf, withDeclarations } from './declarations.js';
import type { Entry } from './entry.js';
import type { Located, Scope, UnitBody, VariableParts } from './program-types.js';
import { tagsOf } from './tags.js';
import type { DebugType, Place } from './types.js';

class PartsOfVariable implements VariableParts {
  readonly name: string;
  readonly linkageName: string | null;
  readonly scope: readonly string[];
  readonly function: string | null;
  readonly type: DebugType;
  readonly constant: boolean;
  readonly external: boolean;
  readonly unit: string;
  readonly #body: UnitBody;
  readonly #all: readonly Located[];
  #place: Place | null = null;
  #tags: readonly string[] | null = null;

  constructor(body: UnitBody, entry: Entry) {
    const { program, reader } = body;
    const all = withDeclarations(program, body, entry);
    const declared = all.at(-1) ?? { unit: body, entry };
    const name = textOf(all, at.name) ?? '';
    const linkageName = textOf(all, at.linkageName, at.mipsLinkageName);
    const scope = program.scopeOf(declared.unit, declared.entry.offset);
    this.type = reader.typeOf((firstWith(all, at.type) ?? declared).entry);
    this.name = name;
    this.linkageName = linkageName === name ? null : linkageName;
    this.scope = scope.types;
    this.function = functionName(body, scope);
    this.constant = isConstant(this.type);
    this.external = all.some((one) => one.entry.flag(at.external));
    this.unit = body.name;
    this.#body = body;
    this.#all = all;
  }

  get place(): Place {
    const placed = firstWith(this.#all, at.declLine);
    this.#place ??=
      placed === undefined ? { file: '', line: 0 } : this.#body.program.placeOf(placed.unit, placed.entry);
    return this.#place;
  }

  get tags(): readonly string[] {
    this.#tags ??= this.#all.flatMap((one) => tagsOf(this.#body.program, one.unit, one.entry));
    return this.#tags;
  }
}

/** What is said of the variable of an entry, worked out once for all files that have the unit. */
export function variableAt(body: UnitBody, offset: number): VariableParts {
  const known = body.variables.get(offset) ?? new PartsOfVariable(body, body.program.entry(body, offset));
  body.variables.set(offset, known);
  return known;
}

/** Where it is declared counts: a copy that was inlined lies in a function that calls its own. */
function functionName({ program }: UnitBody, { function: around }: Scope): string | null {
  return around === null ? null : textOf(withDeclarations(program, around.unit, around.entry), at.name);
}

function isConstant(type: DebugType): boolean {
  switch (type.kind) {
    case 'qualified':
      return type.qualifier === 'const' || isConstant(type.target);
    case 'typedef':
      return isConstant(type.target);
    case 'array':
      return isConstant(type.element);
    default:
      return false;
  }
}
