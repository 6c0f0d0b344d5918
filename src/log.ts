import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { destination, type Logger, pino } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

export interface Log {
  readonly file: string;
  readonly logger: Logger;
  close(): void;
}

/**
 * Opens the session's log: one JSON object a line. The log of the session before is kept as `<file>.1`. Where the
 * file cannot be written, the log is silent: a full disk must not stop the work.
 */
export function openLog(file: string, level: LogLevel): Log {
  try {
    mkdirSync(dirname(file), { recursive: true });
    try {
      renameSync(file, `${file}.1`);
    } catch {
      // There is no earlier log.
    }
    const sink = destination({ dest: file, sync: false, minLength: 0 });
    sink.on('error', () => {});
    return { file, logger: pino({ level, base: null }, sink), close: () => sink.end() };
  } catch {
    return { file: '', logger: pino({ level: 'silent' }), close: () => {} };
  }
}
