import { unknownModule } from '../config/modules.js';
import type { ControlAnswer, ControlRequest } from '../control/protocol.js';
import { exitCode, HotmodError } from '../errors.js';
import { createBus } from '../events/bus.js';
import type { EventOf, HotmodEvent } from '../events/events.js';
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
  if (request.method === 'history') {
    answer({ kind: 'done', exitCode: exitCode.ok, past: session.past(request) });
    return;
  }
  if (request.method === 'recoveries') {
    answer({ kind: 'done', exitCode: exitCode.ok, recoveries: session.recoveryStatistics() });
    return;
  }
  const { context } = session;
  const { module } = request;
  if (!context.records.has(module)) throw unknownModule(module, [...context.records.keys()]);
  if (request.method === 'inspect') {
    answer({ kind: 'done', exitCode: exitCode.ok, inspected: await session.inspect(request) });
    return;
  }
  if (request.method === 'ab') {
    const { to, frames } = request;
    const tried = await session.tryVersions({ module, to, frames, dt: 1 / context.config.host.rate });
    answer({ kind: 'done', exitCode: exitCode.ok, tried });
    return;
  }
  if (request.method === 'call') {
    const called = await session.call({ ...request, args: { text: request.args } });
    answer({ kind: 'done', exitCode: exitCode.ok, called });
    return;
  }
  if (request.method === 'reload') await answerReload(session, request, answer);
  else await answerGoingBack(session, request, answer);
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

/** Rollback, pin and unpin: what the session does it tells as events, and the last outcome gives the exit code. */
async function answerGoingBack(
  session: Session,
  request: Extract<ControlRequest, { readonly method: 'rollback' | 'pin' | 'unpin' }>,
  answer: (answer: ControlAnswer) => void,
): Promise<void> {
  const { module } = request;
  const send = (event: HotmodEvent): void => answer({ kind: 'event', event });
  if (request.method === 'rollback' && request.dryRun) {
    const bus = createBus();
    bus.on(send);
    const may = await session.dryRollback(request, bus);
    answer({ kind: 'done', exitCode: may ? exitCode.ok : exitCode.refused });
    return;
  }
  let last: EventOf<'reload:done'> | null = null;
  const off = session.context.bus.on((event) => {
    if (!('module' in event) || event.module !== module || event.type === 'host:output') return;
    if (event.type === 'reload:done') last = event;
    send(event);
  });
  try {
    if (request.method === 'rollback') await session.rollback(request);
    else if (request.method === 'pin') await session.pin(module, request.at);
    else if (!(await session.unpin(module))) throw notPinned(module);
    // A version that crashes at once is taken back; the outcome is what stands after that.
    await session.idle();
    answer({ kind: 'done', exitCode: last === null ? exitCode.ok : exitCodeOf(last) });
  } finally {
    off();
  }
}

function notPinned(module: string): HotmodError {
  return new HotmodError('HM566', `${module} is not pinned.`, {
    hint: '"hotmod history" marks what is pinned.',
    exitCode: exitCode.usage,
  });
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
