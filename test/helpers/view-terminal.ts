import { PassThrough, Writable } from 'node:stream';

/**
 * A terminal just real enough for the tests of the Ink view: it keeps the text that has scrolled and understands the
 * cursor movements and erasures that Ink writes. Anything else that moves the cursor is an error.
 */
export interface Terminal {
  readonly stdout: Writable & { readonly isTTY: true; columns: number; rows: number };
  readonly stdin: PassThrough & { readonly isTTY: true };
  /** The lines in sight, right ends trimmed. */
  screen(): readonly string[];
  /** All lines since the start. */
  scrollback(): readonly string[];
  /** Everything that was written. */
  raw(): string;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Resolves as soon as the text of the whole scrollback satisfies `accept`. */
  until(accept: (text: string) => boolean): Promise<void>;
}

export function createTerminal(columns: number, rows: number): Terminal {
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  let raw = '';
  const watchers = new Set<() => void>();

  const put = (character: string): void => {
    const line = (lines[row] ?? '').padEnd(column);
    lines[row] = line.slice(0, column) + character + line.slice(column + 1);
    column += 1;
    if (column > stdout.columns) throw new Error(`a line is wider than ${stdout.columns} columns: ${lines[row]}`);
  };
  const control = (parameter: string, command: string): void => {
    const count = Number(parameter || 1);
    const top = Math.max(0, lines.length - stdout.rows);
    if (command === 'A') row = Math.max(top, row - count);
    else if (command === 'B') row += count;
    else if (command === 'C') column += count;
    else if (command === 'E') [row, column] = [row + count, 0];
    else if (command === 'G') column = count - 1;
    else if (command === 'H') [row, column] = [top, 0];
    else if (command === 'K') lines[row] = parameter === '2' ? '' : (lines[row] ?? '').slice(0, column);
    else if (command === 'J') {
      lines.length = row + 1;
      lines[row] = (lines[row] ?? '').slice(0, column);
    } else if (command !== 'm' && command !== 'h' && command !== 'l')
      throw new Error(`unexpected control ${parameter}${command}`);
  };
  const write = (text: string): void => {
    raw += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about.
    for (const [piece, parameter, command] of text.matchAll(/\u001b\[([\d;?]*)([A-Za-z])|[\s\S]/gu)) {
      if (command !== undefined) control(parameter ?? '', command);
      else if (piece === '\n') {
        row += 1;
        column = 0;
        while (lines.length <= row) lines.push('');
      } else if (piece === '\r') column = 0;
      else put(piece);
    }
    for (const watcher of [...watchers]) watcher();
  };

  const stdout = Object.assign(
    new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        write(String(chunk));
        done();
      },
    }),
    { isTTY: true as const, columns, rows },
  );
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true as const,
    isRaw: false,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  });
  const trimmed = (): string[] => lines.map((line) => line.trimEnd());

  return {
    stdout,
    stdin,
    screen: () => trimmed().slice(-stdout.rows),
    scrollback: trimmed,
    raw: () => raw,
    type: (text) => void stdin.write(text),
    resize(nextColumns, nextRows) {
      stdout.columns = nextColumns;
      stdout.rows = nextRows;
      stdout.emit('resize');
    },
    until(accept) {
      return new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
          watchers.delete(check);
          reject(new Error(`did not come; the terminal shows:\n${trimmed().slice(-stdout.rows).join('\n')}`));
        }, 20_000);
        const check = (): void => {
          if (!accept(trimmed().join('\n'))) return;
          clearTimeout(limit);
          clearInterval(poll);
          watchers.delete(check);
          resolve();
        };
        // What is waited for need not be text on the terminal.
        const poll = setInterval(check, 20);
        watchers.add(check);
        check();
      });
    },
  };
}
