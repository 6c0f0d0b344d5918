import { StringDecoder } from 'node:string_decoder';

/** The marks the engine puts around a module's text (engine/output.h). */
const opening = '\u001b]hotmod;';
const closing = '\u0007';
const longestMarker = 256;
/** A line that does not end is passed on in pieces of this size. */
const longestLine = 16_384;

export interface OutputSplitter {
  write(chunk: Buffer): void;
  /** Passes on lines that have not ended yet. */
  flush(): void;
}

/**
 * Takes the engine's marks out of a stream and passes its text on line by line with the module that wrote it, `''`
 * where the stream does not say. Modules take turns, so each has its own unfinished line.
 */
export function splitOutput(onLine: (module: string, text: string) => void): OutputSplitter {
  const decoder = new StringDecoder('utf8');
  const unfinished = new Map<string, string>();
  let module = '';
  let rest = '';

  const take = (text: string): void => {
    if (text === '') return;
    const lines = ((unfinished.get(module) ?? '') + text).split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) onLine(module, line.endsWith('\r') ? line.slice(0, -1) : line);
    if (last.length > longestLine) {
      onLine(module, last);
      unfinished.delete(module);
    } else if (last === '') {
      unfinished.delete(module);
    } else {
      unfinished.set(module, last);
    }
  };

  const takeMarkedText = (): void => {
    for (;;) {
      const start = rest.indexOf(opening);
      if (start === -1) {
        const held = heldBack(rest);
        take(rest.slice(0, rest.length - held));
        rest = rest.slice(rest.length - held);
        return;
      }
      take(rest.slice(0, start));
      rest = rest.slice(start);
      const end = rest.indexOf(closing);
      if (end === -1 && rest.length < longestMarker) return;
      if (end === -1 || end >= longestMarker) {
        // Not one of ours after all: a module printed the same bytes.
        take(rest.slice(0, opening.length));
        rest = rest.slice(opening.length);
        continue;
      }
      module = rest.slice(opening.length, end);
      rest = rest.slice(end + 1);
    }
  };

  return {
    write(chunk) {
      rest += decoder.write(chunk);
      takeMarkedText();
    },
    flush() {
      for (const [owner, text] of unfinished) onLine(owner, text);
      unfinished.clear();
    },
  };
}

/** How many characters at the end may be the start of a mark whose rest has not come yet. */
function heldBack(text: string): number {
  for (let length = Math.min(opening.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(opening.slice(0, length))) return length;
  }
  return 0;
}
