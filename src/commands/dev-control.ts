import { unknownModule } from '../config/modules.js';
import type { ControlAnswer, ControlRequest } from '../control/protocol.js';
import { exitCode, HotmodError } from '../errors.js';
import { createBus } from '../events/bus.js';
import type { HotmodEvent } from '../events/events.js';
import { packageVersion } from '../paths.js';
import { dryRun } from '../session/dry-run.js';
import type { Session } from '../session.js';
import { exitCodeOf } from './outcome.js';

/** Answers what other commands ask of the running session. */
export async function answerRequests(
  session: Session | null,
  request: ControlRequest,
  answer: (answer: ControlAnswer) => void,
): Promise<void> {
  if (request.method === 'status') {
    answer({ kind: 'done', exitCode: exitCode.ok, status: statusOf(session) });
    return;
  }
  if (session === null) throw stillStarting();
  const { context } = session;
  const { module } = request;
  if (!context.records.has(module)) throw unknownModule(module, [...context.records.keys()]);
  if (request.method === 'inspect') {
    answer({ kind: 'done', exitCode: exitCode.ok, inspected: await session.inspect(request) });
    return;
  }
  if (request.method === 'call') {
    const called = await session.call({ ...request, args: { text: request.args } });
    answer({ kind: 'done', exitCode: exitCode.ok, called });
    return;
  }
  await answerReload(session, request, answer);
}

async function answerReload(
  session: Session,
  request: Extract<ControlRequest, { readonly method: 'reload' }>,
  answer: (answer: ControlAnswer) => void,
): Promise<void> {
  const { module, force, rebuild } = request;
  const { context } = session;
  const send = (event: HotmodEvent): void => answer({ kind: 'event', event });

  if (request.dryRun) {
    const bus = createBus();
    bus.on(send);
    answer({ kind: 'done', exitCode: await dryRun({ ...context, bus }, module) });
    return;
  }

  const off = context.bus.on((event) => {
    if ('module' in event && event.module === module && event.type !== 'host:output') send(event);
  });
  try {
    const outcome = context.bus.next('reload:done', (event) => event.module === module);
    session.request([module], { force: true, acceptUnsafe: force, rebuild });
    const event = await outcome;
    // A version that crashes at once is taken back; the outcome is what stands after that.
    await session.idle();
    answer({ kind: 'done', exitCode: exitCodeOf(event) });
  } finally {
    off();
  }
}

function statusOf(session: Session | null) {
  return {
    pid: process.pid,
    version: packageVersion(),
    hostPid: session?.context.host.pid ?? 0,
    modules: [...(session?.context.records.keys() ?? [])],
  };
}

function stillStarting(): HotmodError {
  return new HotmodError('HM522', 'The session is still starting.', {
    hint: 'Try again in a moment.',
    exitCode: exitCode.missing,
  });
}
