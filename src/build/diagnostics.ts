import { isAbsolute, relative, resolve } from 'node:path';
import type { Diagnostic, DiagnosticNote, Severity } from '../events/events.js';

/** Where the text came from: the folder its relative paths start at, and the project root that results are relative to. */
export interface TextOrigin {
  readonly cwd: string;
  readonly root: string;
}

/**
 * Reads the messages of clang, gcc, clang's and GNU's assembler out of their uncoloured text. Format: `file:line:column:
 * severity: message`, before it the include stack, after it the source frame and notes (clang user's manual, "Formatting
 * of Diagnostics"; GCC manual, "Formatting options"). Lines that belong to no message are left out.
 */
export function parseCompilerOutput(text: string, origin: TextOrigin): readonly Diagnostic[] {
  const found: Draft[] = [];
  let context: string[] = [];
  let current: Draft | undefined;
  for (const line of text.split('\n')) {
    if (isContext(line)) {
      context.push(line);
      current = undefined;
      continue;
    }
    const head = readHead(line, origin);
    if (head === undefined) {
      if (isSummary(line)) current = undefined;
      else current?.lines.push(line);
      continue;
    }
    const last: Draft | undefined = found.at(-1);
    if (head.severity === 'note' && last !== undefined) {
      const { file, line: at, column, message } = head;
      last.notes.push({ file, line: at, column, message });
      last.lines.push(...context, line);
      current = last;
    } else {
      current = { ...head, notes: [], lines: [...context, line] };
      found.push(current);
    }
    context = [];
  }
  return found.map(finish);
}

/** The same message from several translation units (a warning in a shared header) is one message. */
export function withoutRepeats(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter((one) => {
    const key = `${one.file}:${one.line}:${one.column}:${one.severity}:${one.message}:${one.code}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** A message of ours, without a place unless given. */
export function problem(
  code: string,
  message: string,
  more: { readonly file?: string; readonly severity?: Severity; readonly rendered?: string } = {},
): Diagnostic {
  const severity = more.severity ?? 'error';
  const file = more.file ?? '';
  const rendered = more.rendered ?? `${file === '' ? '' : `${file}: `}${severity}: ${message}`;
  return { file, line: 0, column: 0, severity, message, code, notes: [], rendered };
}

/** A path as diagnostics show it: relative to the root inside it, absolute elsewhere, empty for `<inline asm>`. */
export function shownPath(path: string, { cwd, root }: TextOrigin): string {
  if (path === '' || path.startsWith('<')) return '';
  const absolute = resolve(cwd, path);
  const inside = relative(root, absolute);
  return inside.startsWith('..') || isAbsolute(inside) ? absolute : inside;
}

/** The disk's side of a failure, in the words of strerror(3) in the C locale. */
export function isDiskProblem(text: string): boolean {
  return /No space left on device|Read-only file system|Disk quota exceeded|(?:unable to open output file|cannot open output file|can't create|cannot create)[^\n]*Permission denied/i.test(
    text,
  );
}

interface Head {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: Severity;
  readonly message: string;
}

interface Draft extends Head {
  readonly notes: DiagnosticNote[];
  readonly lines: string[];
}

const placed = /^(.+?):(\d+)(?::(\d+))?: (fatal error|error|warning|note|remark): (.*)$/i;
/** `clang: error: ...`, `cc1: warning: ...`, or the severity alone from a code generator. */
const unplaced = /^(?:[^\s:][^:]*: )?(fatal error|error|warning|note|remark): (.*)$/;

function readHead(text: string, origin: TextOrigin): Head | undefined {
  const match = placed.exec(text);
  if (match !== null) {
    const [, file = '', line, column, severity = '', message = ''] = match;
    return {
      file: shownPath(file, origin),
      line: Number(line),
      column: Number(column ?? 0),
      severity: severityOf(severity),
      message,
    };
  }
  const [, severity, message] = unplaced.exec(text) ?? [];
  if (severity === undefined || message === undefined) return undefined;
  return { file: '', line: 0, column: 0, severity: severityOf(severity), message };
}

function severityOf(word: string): Severity {
  const lower = word.toLowerCase();
  if (lower.endsWith('error')) return 'error';
  return lower === 'warning' ? 'warning' : 'note';
}

function isContext(line: string): boolean {
  return (
    /^In (?:file included|module .* imported) from /.test(line) ||
    /^ +from .+:\d+(?::\d+)?[,:]$/.test(line) ||
    /^[^\s].*: (?:In .*|At (?:top level|global scope)|Assembler messages):$/.test(line)
  );
}

function isSummary(line: string): boolean {
  return /^\d+ (?:error|warning)s?(?: and \d+ errors?)? generated\.$/.test(line) || line === 'compilation terminated.';
}

function finish({ lines, ...draft }: Draft): Diagnostic {
  const rendered = lines.join('\n').trimEnd();
  const code = isDiskProblem(draft.message) ? 'HM210' : draft.severity === 'error' ? 'HM201' : 'HM213';
  return { ...draft, code, rendered };
}
