import { ValueError } from './errors.js';
import type { Literal } from './types.js';

/**
 * Reads one argument as it is typed: 12, -0x1f, 1.5e3, 'x', "text", red, null, {x: 1, y: 2}, {1, 2}, [1, 2, 3]. What is
 * nothing of that is a bare word as a whole, spaces included, so that text needs no quotes of its own beside the shell's.
 *
 * @throws ValueError where quotes or brackets are not closed.
 */
export function parseLiteral(text: string): Literal {
  const scanner = new Scanner(text);
  scanner.skipSpaces();
  if (!scanner.startsStructure()) return scalar(text.trim(), text);
  const literal = scanner.value();
  scanner.skipSpaces();
  if (!scanner.atEnd()) throw new ValueError(`${text} goes on after its end, at "${scanner.rest()}"`);
  return literal;
}

const integerPattern = /^[+-]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)$/;
const realPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A number where it looks like one (C's suffixes are taken along), otherwise a word, which keeps its spaces. */
export function scalar(trimmed: string, whole: string): Literal {
  const integer = trimmed.replace(/(?<=[\da-fA-F])(?:[uU]?[lL]{0,2}|[lL]{1,2}[uU])$/, '');
  if (integerPattern.test(integer)) {
    const digits = integer.replace(/^[+-]/, '');
    return { kind: 'integer', value: integer.startsWith('-') ? -BigInt(digits) : BigInt(digits), text: trimmed };
  }
  const real = trimmed.replace(/(?<=[.\d])[fF]$/, '');
  if (realPattern.test(real)) return { kind: 'real', value: Number(real), text: trimmed };
  return { kind: 'word', value: whole };
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  e: '\x1b',
  '0': '\0',
};

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  rest(): string {
    return this.#text.slice(this.#at);
  }

  skipSpaces(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
  }

  startsStructure(): boolean {
    return /^(?:&\s*)?["'{[]/.test(this.rest());
  }

  value(): Literal {
    this.skipSpaces();
    // The address of what follows, as C writes it; the parameter says already that it is a pointer.
    if (this.#text.charAt(this.#at) === '&') this.#at += 1;
    this.skipSpaces();
    const first = this.#text.charAt(this.#at);
    if (first === '{' || first === '[') return this.#group(first);
    if (first === '"') return { kind: 'text', value: this.#quoted('"') };
    if (first === "'") return this.#character();
    const start = this.#at;
    while (!this.atEnd() && !/[,}\]:]/.test(this.#text.charAt(this.#at))) this.#skipWordPart();
    const word = this.#text.slice(start, this.#at).trim();
    if (word === '') throw new ValueError(`a value is missing at "${this.#text.slice(start)}"`);
    return scalar(word, word);
  }

  /** `ns::name` is one word, though a single colon ends one. */
  #skipWordPart(): void {
    this.#at += 1;
    if (this.rest().startsWith('::')) this.#at += 2;
  }

  #group(open: '{' | '['): Literal {
    const close = open === '{' ? '}' : ']';
    this.#at += 1;
    const items: Literal[] = [];
    const fields: (readonly [string, Literal])[] = [];
    for (;;) {
      this.skipSpaces();
      if (this.#text.charAt(this.#at) === close) break;
      const name = open === '{' ? this.#fieldName() : null;
      const value = this.value();
      if (name === null) items.push(value);
      else fields.push([name, value]);
      this.skipSpaces();
      if (this.#text.charAt(this.#at) === ',') this.#at += 1;
      else if (this.#text.charAt(this.#at) !== close) throw new ValueError(`${this.#text} is not closed by ${close}`);
    }
    this.#at += 1;
    if (fields.length === 0) return { kind: 'list', open, items };
    if (items.length > 0) throw new ValueError(`${this.#text} has values with and without the name of a field`);
    return { kind: 'record', fields };
  }

  /** `x: 1`, `"x": 1`, `.x = 1`; null where a value stands without a name. */
  #fieldName(): string | null {
    const found = /^(?:"([^"]*)"\s*:(?!:)|([A-Za-z_$][\w$]*)\s*:(?!:)|\.\s*([A-Za-z_$][\w$]*)\s*=)/.exec(this.rest());
    if (found === null) return null;
    this.#at += found[0].length;
    return found[1] ?? found[2] ?? found[3] ?? '';
  }

  #character(): Literal {
    const start = this.#at;
    const value = [...this.#quoted("'")];
    const text = this.#text.slice(start, this.#at);
    const [only] = value;
    if (only === undefined || value.length > 1) throw new ValueError(`${text} is not one character`);
    return { kind: 'character', value: only.codePointAt(0) ?? 0, text };
  }

  #quoted(quote: string): string {
    const start = this.#at;
    let value = '';
    this.#at += 1;
    for (;;) {
      if (this.atEnd()) throw new ValueError(`${this.#text.slice(start)} is not closed by ${quote}`);
      const next = this.#text.charAt(this.#at);
      this.#at += 1;
      if (next === quote) return value;
      value += next === '\\' ? this.#escape() : next;
    }
  }

  #escape(): string {
    const hex = /^x([0-9a-fA-F]{1,2})|^u\{([0-9a-fA-F]{1,6})\}|^u([0-9a-fA-F]{4})/.exec(this.rest());
    if (hex !== null) {
      this.#at += hex[0].length;
      return String.fromCodePoint(Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '0', 16));
    }
    const next = this.#text.charAt(this.#at);
    this.#at += 1;
    return escapes[next] ?? next;
  }
}
