/** Memory of the running program, as far as it was read. What is missing is noted, so that it can be fetched in one go. */
export interface Memory {
  /** Null where it was not read, or cannot be. */
  read(address: bigint, size: number): Uint8Array | null;
}

interface Range {
  readonly address: bigint;
  readonly size: number;
}

/** More than anybody looks at; a length found in memory may be anything. */
const largest = 1 << 20;

export class FetchedMemory implements Memory {
  readonly #known = new Map<string, Uint8Array | null>();
  readonly #wanted = new Map<string, Range>();

  read(address: bigint, size: number): Uint8Array | null {
    if (size <= 0 || size > largest) return null;
    const key = `${address} ${size}`;
    const known = this.#known.get(key);
    if (known === undefined) this.#wanted.set(key, { address, size });
    return known ?? null;
  }

  /** What was asked for and not there; asking again forgets it. */
  takeWanted(): readonly Range[] {
    const wanted = [...this.#wanted.values()];
    this.#wanted.clear();
    return wanted;
  }

  add({ address, size }: Range, bytes: Uint8Array | null): void {
    this.#known.set(`${address} ${size}`, bytes);
  }
}
