import { existsSync, statfsSync } from 'node:fs';
import { codeOf, messageOf } from '../errors.js';
import type { Diagnostic } from '../events/events.js';
import { isDiskProblem, parseCompilerOutput, problem, shownPath, type TextOrigin } from './diagnostics.js';
import type { RunResult } from './run.js';

/**
 * What a compiler that ended without an object had to say. The order of the questions matters: a compiler that crashed,
 * or that could not write, prints errors too, but those are not about the user's source.
 */
export function compileFailure(
  result: RunResult,
  command: string,
  source: string,
  origin: TextOrigin & { readonly outDir: string },
): readonly Diagnostic[] {
  const file = shownPath(source, origin);
  const start = startFailure(result, command) ?? tookTooLong(result, command, file);
  if (start !== undefined) return [start];
  const disk = fullDisk(result, origin.outDir);
  if (disk !== undefined) return [disk];
  if (crashed(result)) return [crash(result, command, file)];
  if (!existsSync(source)) return [vanished(file)];
  const messages = parseCompilerOutput(result.output, origin);
  if (messages.some((one) => one.severity === 'error')) return messages;
  const said = result.output.trim();
  const text = `the compiler ended with code ${result.exitCode} for ${file}${said === '' ? ' and printed nothing' : ''}`;
  return [...messages, problem('HM201', text, { file, rendered: said === '' ? text : said })];
}

/** A process that could not even be started. */
export function startFailure(result: RunResult, command: string): Diagnostic | undefined {
  if (result.startError === '') return undefined;
  return problem('HM214', `${command} could not be started (${result.startError}); run \`hotmod doctor\``);
}

/** A process that was ended because its time was up. */
export function tookTooLong(result: RunResult, command: string, file: string): Diagnostic | undefined {
  const { tooLongMs = 0, output } = result;
  if (tooLongMs === 0) return undefined;
  const about = file === '' ? '' : ` on ${file}`;
  const message = `${command} did not end within ${tooLongMs} ms${about} and was ended; see timeouts.build`;
  const said = output.trimEnd().split('\n').slice(-40).join('\n');
  return problem('HM534', message, {
    file,
    rendered: said === '' ? `error: ${message}` : `error: ${message}\n${said}`,
  });
}

/** Less free space than this is no space: a program that writes through a mapping dies of it without a word (SIGBUS). */
const noSpaceBytes = 256 * 1024;

/** Compilers and linkers that cannot write may say so, or crash; both are the disk's fault and not theirs. */
export function fullDisk(result: RunResult, outDir: string): Diagnostic | undefined {
  if (isDiskProblem(result.output)) {
    return diskProblem(firstLine(result.output, /device|system|quota|denied/i), outDir);
  }
  return crashed(result) && freeBytes(outDir) < noSpaceBytes ? diskProblem('no space left', outDir) : undefined;
}

function freeBytes(dir: string): number {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** A signal, or the front end's own crash report; the driver turns both into an ordinary exit code. */
export function crashed(result: RunResult): boolean {
  if (result.signal !== '' || (result.exitCode !== null && result.exitCode >= 128)) return true;
  return /PLEASE submit a bug report|internal compiler error|command failed due to signal|collect2: fatal error: ld terminated with signal/.test(
    result.output,
  );
}

export function crash(result: RunResult, command: string, file: string): Diagnostic {
  const how = result.signal === '' ? 'crashed' : `was ended by ${result.signal}`;
  const about = file === '' ? '' : ` while it worked on ${file}`;
  const memory = result.signal === 'SIGKILL' ? '; the machine may be out of memory' : '';
  const rendered = result.output.split('\n').slice(0, 40).join('\n').trim();
  const message = `${command} ${how}${about}${memory}`;
  return problem('HM212', message, { file, rendered: rendered === '' ? message : rendered });
}

export function vanished(file: string): Diagnostic {
  return problem('HM211', `${file} disappeared while it was being built; save it again or remove what refers to it`, {
    file,
  });
}

export function diskProblem(said: string, outDir: string): Diagnostic {
  return problem(
    'HM210',
    `cannot write below ${outDir}: ${said}; free space there or give write permission, then reload (r in the UI, or "hotmod reload")`,
  );
}

/** Turns an error of a file operation of ours into HM210 where the disk is the reason; anything else is a bug. */
export function diskFailure(error: unknown, outDir: string): Diagnostic | undefined {
  const code = codeOf(error);
  const disk = [
    'ENOSPC',
    'EACCES',
    'EROFS',
    'EPERM',
    'EDQUOT',
    'ENOTDIR',
    'EEXIST',
    'EIO',
    'EISDIR',
    'EMFILE',
    'ENFILE',
  ];
  if (code === 'ENOENT' && error instanceof Error && 'syscall' in error && error.syscall === 'mkdir') {
    // What Node's recursive mkdir says of a read-only file system; a parent that is missing it would have made.
    return diskProblem('no folder can be made there', outDir);
  }
  return disk.includes(code) ? diskProblem(messageOf(error), outDir) : undefined;
}

function firstLine(text: string, about: RegExp): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => about.test(line)) ?? lines[0] ?? '';
}
