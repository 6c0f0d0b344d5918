/** Reads a report of the engine (engine/node_api.c): texts, each ended by a NUL, in the order they were put. */
export class ReportReader {
  readonly #texts: readonly string[];
  #next = 0;

  constructor(bytes: Buffer) {
    const text = bytes.toString('utf8');
    this.#texts = text.split('\0').slice(0, -1);
  }

  get done(): boolean {
    return this.#next >= this.#texts.length;
  }

  text(): string {
    const text = this.#texts[this.#next];
    if (text === undefined) throw new Error('The report of the engine ends too early.');
    this.#next += 1;
    return text;
  }

  number(): number {
    return Number(this.text());
  }

  bigint(): bigint {
    return BigInt(this.text());
  }

  flag(): boolean {
    return this.text() === '1';
  }

  /** Nanoseconds as milliseconds. */
  milliseconds(): number {
    return this.number() / 1e6;
  }
}
