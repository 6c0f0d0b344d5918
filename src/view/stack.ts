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

const rowWidth = 96;

/** The registers at a crash as texts, as many in each as fit: `x0=0x10  x1=0x0`. Vector registers that are 0 are left out. */
export function registerTexts({
  registers,
  vectors = {},
}: Pick<CrashPlace, 'registers' | 'vectors'>): readonly string[] {
  const general = Object.entries(registers);
  const used = Object.entries(vectors).filter(([, value]) => value !== '0x0');
  return [...rows(general), ...rows(used)];
}

function rows(values: readonly (readonly [string, string])[]): readonly string[] {
  const texts: string[] = [];
  for (const [name, value] of values) {
    const one = `${name}=${value}`;
    const last = texts.at(-1);
    if (last === undefined || last.length + one.length + 2 > rowWidth) texts.push(one);
    else texts[texts.length - 1] = `${last}  ${one}`;
  }
  return texts;
}
