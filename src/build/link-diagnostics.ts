import type { Diagnostic, DiagnosticNote } from '../events/events.js';
import { isDiskProblem, problem, shownPath, type TextOrigin } from './diagnostics.js';

export interface LinkOrigin extends TextOrigin {
  /** Absolute source of an object that was linked; undefined for objects of libraries. */
  sourceOf(object: string): string | undefined;
}

/**
 * Reads the messages of mold, lld, GNU ld and Apple's ld. There is no common format; what counts, undefined symbols and
 * where they are used, is put into one diagnostic a symbol. Everything else that says error or warning is kept as text.
 */
export function parseLinkerOutput(text: string, origin: LinkOrigin): readonly Diagnostic[] {
  // mold ends its block without a newline where another symbol follows, so its arrows are put on lines of their own.
  const lines = text.replace(/([^\n])>>> /g, '$1\n>>> ').split('\n');
  const undefinedSymbols = new Map<string, Use[]>();
  const others: Diagnostic[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const detail = blockAfter(lines, at);
    const symbol = undefinedSymbolOf(line);
    if (symbol !== undefined) {
      const uses = undefinedSymbols.get(symbol) ?? [];
      uses.push(...usesOf(line, detail, lines, at, origin));
      undefinedSymbols.set(symbol, uses);
    } else if (isMessage(line)) {
      others.push(otherMessage(line, detail));
    }
  }
  return [...[...undefinedSymbols].map(([symbol, uses]) => undefinedSymbol(symbol, uses)), ...others];
}

/** One place that uses an undefined symbol. `line` is 0 where the linker does not say. */
interface Use {
  readonly file: string;
  readonly line: number;
  /** Function that uses it; empty where unknown. */
  readonly within: string;
}

const undefinedForms = [
  /: (?:error: )?undefined symbol: (.+)$/,
  /undefined reference to [`'‘](.+)['’]$/,
  /^ {2}"(.+)", referenced from:$/,
] as const;

function undefinedSymbolOf(line: string): string | undefined {
  for (const form of undefinedForms) {
    const symbol = form.exec(line)?.[1];
    if (symbol !== undefined) return symbol;
  }
  return undefined;
}

/** Lines that belong to the message at `at`: lld's and mold's `>>>`, Apple's indented users. */
function blockAfter(lines: readonly string[], at: number): readonly string[] {
  const block: string[] = [];
  for (const line of lines.slice(at + 1)) {
    if (!line.startsWith('>>>') && !/^ {6}\S/.test(line)) break;
    block.push(line);
  }
  return block;
}

function usesOf(
  line: string,
  block: readonly string[],
  lines: readonly string[],
  at: number,
  origin: LinkOrigin,
): readonly Use[] {
  if (block.length > 0) return blockUses(block, origin);
  // GNU ld: `ld: /path/u.c:2: undefined reference`, the function stands some lines above, `ld: u.o: in function `f':`.
  const place = /^(?:\S*ld\S*: )?(.+?):(?:(\d+)|\(([^)]*)\)): undefined reference/.exec(line);
  const owner = lines.slice(0, at).findLast((before) => /in function [`'‘]/.test(before));
  const within = /in function [`'‘](.+?)['’]:/.exec(owner ?? '')?.[1] ?? '';
  const path = place?.[1] ?? '';
  if (place?.[2] === undefined) return [{ file: sourceShown(path, origin), line: 0, within: '' }];
  return [{ file: shownPath(path, origin), line: Number(place[2]), within }];
}

/** lld: `>>> referenced by u.c:2 (/path/u.c:2)` and `>>>   u.o:(f)`; mold the same without lines; Apple: `_f in u.o`. */
function blockUses(block: readonly string[], origin: LinkOrigin): readonly Use[] {
  const uses: Use[] = [];
  let place: { file: string; line: number } | undefined;
  for (const line of block) {
    const referenced = /^>>> referenced by (.+?)(?::(\d+))?(?: \((.+):\d+\))?$/.exec(line);
    if (referenced !== null) {
      const [, name = '', number, full] = referenced;
      place = number === undefined ? undefined : { file: shownPath(full ?? name, origin), line: Number(number) };
      continue;
    }
    const object = /^>>>\s+(.+\.o)(?::\((.*)\))?(?:, .*)?$/.exec(line) ?? /^ {6}(.+) in (.+\.o)$/.exec(line);
    if (object === null) continue;
    const apple = !line.startsWith('>>>');
    const file = (apple ? object[2] : object[1]) ?? '';
    const within = (apple ? object[1] : object[2]) ?? '';
    uses.push(place === undefined ? { file: sourceShown(file, origin), line: 0, within } : { ...place, within });
    place = undefined;
  }
  return uses;
}

function sourceShown(object: string, origin: LinkOrigin): string {
  const source = origin.sourceOf(object);
  return source === undefined ? '' : shownPath(source, origin);
}

function undefinedSymbol(symbol: string, uses: readonly Use[]): Diagnostic {
  const first = uses.find((use) => use.line > 0) ?? uses.find((use) => use.file !== '');
  const message = `undefined symbol: ${symbol}`;
  const notes: DiagnosticNote[] = unique(uses).map((use) => ({
    file: use.file,
    line: use.line,
    column: 0,
    message: use.within === '' ? 'used here' : `used in ${use.within}`,
  }));
  const file = first?.file ?? '';
  const line = first?.line ?? 0;
  const rendered = [
    `${placeText(file, line)}error: ${message}`,
    ...notes.map((note) => `${placeText(note.file, note.line)}note: ${note.message}`),
  ].join('\n');
  return { file, line, column: 0, severity: 'error', message, code: 'HM203', notes, rendered };
}

function unique(uses: readonly Use[]): readonly Use[] {
  return [...new Map(uses.map((use) => [`${use.file}:${use.line}:${use.within}`, use])).values()];
}

function placeText(file: string, line: number): string {
  if (file === '') return '';
  return line > 0 ? `${file}:${line}: ` : `${file}: `;
}

/** The driver's closing sentence repeats that the link failed and says nothing else. */
function isMessage(line: string): boolean {
  if (/linker command failed|ld returned \d+ exit status|symbol\(s\) not found for architecture/.test(line))
    return false;
  return (
    /(?:^|: )(?:error|fatal|fatal error|warning): /.test(line) ||
    /: multiple definition of |: cannot find |: cannot open |: final link failed|: relocation |: file not recognized/.test(
      line,
    )
  );
}

function otherMessage(line: string, block: readonly string[]): Diagnostic {
  const message = line
    .replace(/^\S*(?:ld|mold|clang|gcc|g\+\+|clang\+\+)\S*: /, '')
    .replace(/^(?:fatal error|fatal|error|warning): /, '');
  const severity = /(?:^|: )warning: /.test(line) ? 'warning' : 'error';
  const code = isDiskProblem(line) ? 'HM210' : severity === 'warning' ? 'HM213' : 'HM202';
  return problem(code, message, { severity, rendered: [line, ...block].join('\n') });
}
