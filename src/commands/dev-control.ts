import { unknownModule } from '../config/modules.js';
import type { ControlAnswer, ControlRequest } from '../control/protocol.js';
import { exitCode, HotmodError } from '../errors.js';
import { createBus } from '../events/bus.js';
import type { EventOf } from '../events/events.js';
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
  refuseUnknown(session, 'modules' in request ? request.modules : [request.module]);
  if (request.method === 'reload') return answerReload(session, request, answer);
  if (request.method === 'rollback') return answerRollback(session, request, answer);
  const { module } = request;
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
  await answerPinning(session, request, answer);
}

function refuseUnknown({ context: { records } }: Session, modules: readonly string[]): void {
  const unknown = modules.find((module) => !records.has(module));
  if (unknown !== undefined) throw unknownModule(unknown, [...records.keys()]);
}

type Answer = (answer: ControlAnswer) => void;
type RequestOf<M extends ControlRequest['method']> = Extract<ControlRequest, { readonly method: M }>;

async function answerReload(session: Session, request: RequestOf<'reload'>, answer: Answer): Promise<void> {
  const { force, rebuild } = request;
  const modules = [...new Set(request.modules)];
  const { context } = session;

  if (request.dryRun) {
    const bus = createBus();
    bus.on((event) => answer({ kind: 'event', event }));
    answer({ kind: 'done', exitCode: await dryRun({ ...context, bus }, modules) });
    return;
  }

  const options = { force: true, acceptUnsafe: force, rebuild };
  await following(session, modules, answer, async () => {
    const [module] = modules;
    if (module !== undefined && modules.length === 1) {
      const outcome = context.bus.next('reload:done', (event) => event.module === module);
      session.request([module], options);
      await outcome;
      return;
    }
    // Several are one transaction: all of them or none.
    await session.transaction(async (transaction) => {
      await transaction.add(...modules);
      await transaction.commit(options);
    });
  });
}

async function answerRollback(session: Session, request: RequestOf<'rollback'>, answer: Answer): Promise<void> {
  const { to, transaction, force } = request;
  const named = [...new Set(request.modules)];
  const modules = named.length > 0 ? named : session.modulesOfTransaction(transaction);
  const targets = modules.map((module) => ({ module, to }));
  if (request.dryRun) {
    const bus = createBus();
    bus.on((event) => answer({ kind: 'event', event }));
    const may = await session.dryRollback({ targets, force }, bus);
    answer({ kind: 'done', exitCode: may ? exitCode.ok : exitCode.refused });
    return;
  }
  await following(session, modules, answer, () => session.rollback(targets, { force }));
}

function answerPinning(session: Session, request: RequestOf<'pin' | 'unpin'>, answer: Answer): Promise<void> {
  const { module } = request;
  return following(session, [module], answer, async () => {
    if (request.method === 'pin') await session.pin(module, request.at);
    else if (!(await session.unpin(module))) throw notPinned(module);
  });
}

/** Has something done, sends what is said of these modules, and answers with what became of them. */
async function following(
  session: Session,
  modules: readonly string[],
  answer: Answer,
  action: () => Promise<unknown>,
): Promise<void> {
  const last = new Map<string, EventOf<'reload:done'>>();
  const off = session.context.bus.on((event) => {
    if (!('module' in event) || !modules.includes(event.module ?? '') || event.type === 'host:output') return;
    if (event.type === 'reload:done') last.set(event.module, event);
    answer({ kind: 'event', event });
  });
  try {
    await action();
    // A version that crashes at once is taken back; the outcome is what stands after that.
    await session.idle();
    answer({ kind: 'done', exitCode: Math.max(exitCode.ok, ...[...last.values()].map(exitCodeOf)) });
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
