import { at } from './constants.js';
import type { Entry } from './entry.js';
import type { DescribedUnit, TypeReader } from './program-types.js';
import type { DebugType, Place, TypedefType } from './types.js';

/** Section 5.3. A class, because a large program has tens of thousands: what is seldom asked for costs nothing until then. */
export class TypedefOfFile implements TypedefType {
  readonly kind = 'typedef';
  readonly name: string;
  readonly align: number | null;
  readonly #reader: TypeReader;
  readonly #unit: DescribedUnit;
  readonly #entry: Entry;
  #target: DebugType | null = null;

  constructor(reader: TypeReader, unit: DescribedUnit, entry: Entry) {
    this.name = entry.string(at.name) ?? '';
    this.align = entry.number(at.alignment);
    this.#reader = reader;
    this.#unit = unit;
    this.#entry = entry;
  }

  get target(): DebugType {
    this.#target ??= this.#reader.typeOf(this.#entry);
    return this.#target;
  }

  get scope(): readonly string[] {
    return this.#reader.program.scopeOf(this.#unit, this.#entry.offset).names;
  }

  get place(): Place {
    return this.#reader.program.placeOf(this.#unit, this.#entry);
  }
}
