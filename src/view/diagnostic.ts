import type { Diagnostic } from '../events/events.js';

/** `file:line:column: error: text`, the form that editors' problem matchers know; parts that are unknown are left out. */
export function diagnosticHead(diagnostic: Diagnostic): string {
  return `${placeOf(diagnostic)}${diagnostic.severity}: ${diagnostic.message}`;
}

/** The compiler's own frame below (and include chain above) the head, without the head itself. */
export function diagnosticFrame(diagnostic: Diagnostic): readonly string[] {
  const lines = diagnostic.rendered.split(/\r\n|\n/);
  if (lines.at(-1) === '') lines.pop();
  const head = lines.findIndex((line) => isHead(line, diagnostic));
  return head === -1 ? [] : lines.slice(head + 1);
}

/** The head and what the compiler drew with it; notes that `rendered` does not hold are added in the head's form. */
export function diagnosticLines(diagnostic: Diagnostic): readonly string[] {
  const frame = diagnosticFrame(diagnostic);
  const notes = diagnostic.notes
    .map((note) => `${placeOf(note)}note: ${note.message}`)
    .filter((note, index) => !frame.some((line) => line.includes(`note: ${diagnostic.notes[index]?.message ?? note}`)));
  return [diagnosticHead(diagnostic), ...frame, ...notes];
}

function placeOf(place: { readonly file: string; readonly line: number; readonly column: number }): string {
  if (place.file === '') return '';
  const line = place.line > 0 ? `:${place.line}` : '';
  const column = place.line > 0 && place.column > 0 ? `:${place.column}` : '';
  return `${place.file}${line}${column}: `;
}

function isHead(line: string, diagnostic: Diagnostic): boolean {
  return line.includes(`${diagnostic.severity}: `) && line.includes(diagnostic.message.split('\n')[0] ?? '');
}
