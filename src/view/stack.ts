import type { CrashPlace, StackFrame } from '../events/events.js';

/** The calls of a crash as texts, the innermost first: `#0 step modules/city/step.c:12`. */
export function stackTexts({ stack, leftOut }: Pick<CrashPlace, 'stack' | 'leftOut'>): readonly string[] {
  const texts = stack.map((frame, index) => `#${index} ${frameText(frame)}`);
  if (leftOut === null) return texts;
  const { after, frames } = leftOut;
  return [...texts.slice(0, after), `... ${frames} calls are left out ...`, ...texts.slice(after)];
}

function frameText({ function: name, file, line, module, generation, address, inlined, guessed, library }: StackFrame) {
  const place = line > 0 ? `${file}:${line}` : file;
  const owner = module === '' ? library : `${module} generation ${generation}`;
  const where = place === '' ? `${owner === '' ? 'unknown code' : owner} at ${address}` : place;
  const notes = [...(inlined ? ['inlined'] : []), ...(guessed ? ['guessed'] : [])];
  return [name === '' ? '?' : name, where, ...(notes.length === 0 ? [] : [`(${notes.join(', ')})`])].join(' ');
}
