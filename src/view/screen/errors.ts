import type { Diagnostic } from '../../events/events.js';
import { diagnosticLines } from '../diagnostic.js';
import { plural } from '../format.js';
import { type Line, type Style, seg } from '../line.js';
import type { ModuleState } from '../state.js';
import { cleanLine } from '../text.js';
import { codeLines, type Frame, fitAll, head } from './parts.js';

/** The first compile error with the compiler's frame; all of them where the user asked for the full text. */
export function errorLines(frame: Frame, module: ModuleState, rows: number): readonly Line[] {
  const errors = errorsOf(module);
  const [first] = errors;
  if (first === undefined) return [];
  if (frame.controls.fullError) {
    const all = module.diagnostics.flatMap((diagnostic) => linesOf(diagnostic, frame));
    return head(fitAll(all, frame), rows, frame, 'more lines, all in the log file');
  }
  return head(fitAll(linesOf(first, frame), frame), rows, frame);
}

/** How many errors there are besides the first one, for the title above it. */
export function otherErrors(module: ModuleState, frame: Frame): string {
  const others = errorsOf(module).length - 1;
  return others > 0 && !frame.controls.fullError ? `${plural(others, 'more error')}, e shows all` : '';
}

/** How many lines it would take to show everything that was asked for. */
export function errorHeight(frame: Frame, module: ModuleState): number {
  return errorLines(frame, module, Number.MAX_SAFE_INTEGER).length;
}

export function errorsOf(module: ModuleState): readonly Diagnostic[] {
  return module.diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
}

function linesOf(diagnostic: Diagnostic, frame: Frame): readonly Line[] {
  const [headline = '', ...rest] = diagnosticLines(diagnostic).map((line) => cleanLine(line, frame.glyphs.unicode));
  const style: Style = diagnostic.severity === 'error' ? 'bad' : 'warn';
  // Without a frame of source it is a sentence of ours, which nobody can guess the end of.
  if (rest.length === 0) return codeLines('  ', style, headline, frame, style);
  return [[seg(`  ${headline}`, style)], ...rest.map((line): Line => [seg(`  ${line}`)])];
}
