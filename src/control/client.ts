import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { exitCode, HotmodError } from '../errors.js';
import type { HotmodEvent } from '../events/events.js';
import { namesIn } from '../files/names-in.js';
import type { ControlAnswer, ControlRequest, SessionStatus } from './protocol.js';

export type DoneAnswer = Extract<ControlAnswer, { readonly kind: 'done' }>;

/**
 * Sends one request to the project's session and passes its events on as they come.
 *
 * @returns what the session answers in the end: the exit code, and what was asked for.
 * @throws HotmodError HM521 where no session runs, HM522 where it goes away before it answers, or whatever the
 *   session refused with.
 */
export async function ask(
  path: string,
  request: ControlRequest,
  onEvent: (event: HotmodEvent) => void = () => {},
): Promise<DoneAnswer> {
  const socket = connect(path);
  socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
  let failure: unknown;
  try {
    for await (const line of createInterface({ input: socket })) {
      const answer: ControlAnswer = JSON.parse(line);
      if (answer.kind === 'event') onEvent(answer.event);
      else if (answer.kind === 'done') return answer;
      else throw refusal(answer);
    }
  } catch (error) {
    if (error instanceof HotmodError) throw error;
    failure = error;
  } finally {
    socket.destroy();
  }
  throw notAnswered(failure, request, path);
}

/** The status of the session that listens there; null where none does. */
export async function askStatus(path: string): Promise<SessionStatus | null> {
  try {
    return (await ask(path, { method: 'status' })).status ?? null;
  } catch {
    return null;
  }
}

/** Targets of this project for which a session listens, by their folders in `.hotmod`; `native` has no folder of its own. */
function otherTargets(path: string): readonly string[] {
  const own = dirname(path);
  const all = basename(own) === '.hotmod' ? own : dirname(own);
  const folders = [['native', all], ...namesIn(all).map((name) => [name, join(all, name)])] as const;
  return folders.flatMap(([name, dir]) => (dir !== own && existsSync(join(dir, basename(path))) ? [name] : []));
}

function refusal(answer: Extract<ControlAnswer, { readonly kind: 'error' }>): HotmodError {
  const known = Object.values(exitCode).find((code) => code === answer.exitCode) ?? exitCode.bug;
  return new HotmodError(answer.code, answer.message, { hint: answer.hint, exitCode: known });
}

function notAnswered(error: unknown, { method }: ControlRequest, path: string): HotmodError {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    const [other] = otherTargets(path);
    if (other !== undefined) {
      return new HotmodError('HM521', 'No session of this project is running for this target.', {
        hint: `One for ${other} seems to be: pass --target ${other}.`,
        exitCode: exitCode.missing,
      });
    }
    return new HotmodError('HM521', 'No session of this project is running.', {
      hint: `Start one with "hotmod dev" in another terminal${method === 'reload' ? ', or pass --dry-run for a verdict without one' : ''}.`,
      exitCode: exitCode.missing,
    });
  }
  return new HotmodError('HM522', 'The session went away before it answered.', {
    hint: 'Look at its terminal or at .hotmod/hotmod.log, and start it again if it is gone.',
    exitCode: exitCode.missing,
    cause: error,
  });
}
