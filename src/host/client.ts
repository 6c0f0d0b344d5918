import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import { type Calls, createCalls } from './calls.js';
import type { Host, HostEnd, HostOptions } from './host.js';
import { describeEnd } from './host-end.js';
import { splitOutput } from './output.js';
import { type Child, startProcess, unableToStart } from './process.js';
import { type HostAnswer, type HostCall, isChildMessage } from './protocol.js';
import { openStatusFile, type StatusFile, type StatusLane } from './status.js';
import { phaseOf, watchForHangs } from './watchdog.js';

const defaultGraceMs = 2000;
/** An unfinished line is passed on after this long without more of it. */
const unfinishedLineMs = 250;
const pipesAfterExitMs = 500;
const longestAnswerMs = 250;

/**
 * Starts a host process and its engine. The process ends with this one, whatever way this one ends. Throws HM512 where
 * the engine does not start.
 */
export async function openHost(options: HostOptions): Promise<Host> {
  await mkdir(options.runDir, { recursive: true });
  const statusFile = join(options.runDir, 'status');
  const child = startProcess(options);
  const passOnOutput = listenToOutput(child, options);
  const calls = createCalls((message) => child.send(message));
  const started = Promise.withResolvers<void>();
  const state: State = { expected: false, killed: false, hung: null, statusFile: null };

  child.process.on('message', (message: unknown) => {
    if (!isChildMessage(message)) return;
    if (message.type === 'ready') started.resolve();
    else if (message.type === 'unable') started.reject(unableToStart(message.message));
    else if (message.type === 'fault') options.listener.fault(message.fault);
    else if (message.type === 'recovered') options.listener.recovered?.(message.recovered);
    else calls.answer(message.id, message.answer);
  });

  const ended = waitForEnd(child, state).then(async (end) => {
    passOnOutput();
    calls.abandon(end);
    started.reject(unableToStart(`its process ended at once (${end.how})`));
    await rm(options.runDir, { recursive: true, force: true });
    return end;
  });

  child.send({
    type: 'setup',
    engineLibrary: options.engineLibrary,
    runDir: options.runDir,
    statusFile,
    copiesFile: options.copiesFile,
    cleanUp: options.cleanUp,
    groupsDir: options.groupsDir,
    rate: options.rate,
    stepped: options.stepped,
    recovery: options.recovery,
  });
  try {
    await started.promise;
  } catch (error) {
    state.killed = true;
    child.kill();
    await ended;
    throw error;
  }
  state.statusFile = openStatusFile(statusFile);
  const watch = createWatch(() => watchProcess(child, limitsOf(options), state));
  void ended.then(watch.end);
  return createHost(child, options.copiesFile, calls, state, { ended, watch: watch.begin });
}

interface Watch {
  begin(): void;
  end(): void;
}

/** Begins once, when there is something to look at, and not at all after its end. */
function createWatch(start: () => () => void): Watch {
  let stop: (() => void) | null = null;
  return {
    begin() {
      stop ??= start();
    },
    end() {
      stop?.();
      stop = () => undefined;
    },
  };
}

interface State {
  expected: boolean;
  killed: boolean;
  hung: StatusLane | null;
  statusFile: StatusFile | null;
}

/** Passes lines on to the listener, and hands back how to pass on what is left at the end. */
function listenToOutput(child: Child, options: HostOptions): () => void {
  const flushes = (['stdout', 'stderr'] as const).map((stream) => {
    const splitter = splitOutput((module, text) => options.listener.output({ stream, module, text }));
    let timer: NodeJS.Timeout | undefined;
    child[stream].on('data', (chunk: Buffer) => {
      splitter.write(chunk);
      clearTimeout(timer);
      timer = setTimeout(splitter.flush, unfinishedLineMs).unref();
    });
    return () => {
      clearTimeout(timer);
      splitter.flush();
    };
  });
  return () => {
    for (const flush of flushes) flush();
  };
}

/**
 * Settles when the process has ended and its output has been read to the end. A grandchild that keeps the pipes open
 * must not keep us: shortly after the exit they are closed from this side.
 */
function waitForEnd(child: Child, state: State): Promise<HostEnd> {
  return new Promise((resolve) => {
    let closing: NodeJS.Timeout | undefined;
    const finish = (code: number | null, signal: string | null): void => {
      clearTimeout(closing);
      const { expected, killed, hung, statusFile } = state;
      state.statusFile = null;
      const status = statusFile?.read() ?? null;
      statusFile?.[Symbol.dispose]();
      resolve(describeEnd({ code, signal, expected, killed, hung }, status));
    };
    child.process.once('error', () => finish(null, null));
    child.process.once('close', finish);
    child.process.once('exit', () => {
      closing = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, pipesAfterExitMs);
    });
  });
}

function limitsOf({ hangTimeoutMs, timeouts }: HostOptions): (call: string) => number {
  return (call) => timeouts?.()[phaseOf(call)] ?? hangTimeoutMs;
}

function watchProcess(child: Child, limitOf: (call: string) => number, state: State): () => void {
  return watchForHangs({
    limitOf,
    status: () => state.statusFile,
    now: () => performance.now(),
    mayJudge: () => !isDebugged(child.pid),
    onHang(lane) {
      state.hung = lane;
      askWhere(child, lane, state)
        .catch(() => undefined)
        .finally(() => child.kill());
    },
  });
}

/**
 * Has the call that does not return write its stack into the status file. A module may have blocked the signal, so nobody
 * waits long for it.
 */
async function askWhere(child: Child, lane: StatusLane, state: State): Promise<void> {
  const question = state.statusFile?.read()?.question ?? 0;
  if (question === 0) return;
  child.signal(question);
  for (let waited = 0; waited < longestAnswerMs; waited += 5) {
    if (state.statusFile?.read()?.hang.sequence === lane.sequence) return;
    await setTimeoutPromise(5);
  }
}

/** A process that stands in a debugger does not hang (proc(5), TracerPid). False where the system does not say. */
function isDebugged(pid: number): boolean {
  try {
    return /^TracerPid:\s*[1-9]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

interface Life {
  readonly ended: Promise<HostEnd>;
  /** From now on there are modules, whose calls may not return. A host that only waits is not looked at. */
  watch(): void;
}

function createHost(child: Child, copiesFile: string, calls: Calls, state: State, { ended, watch }: Life): Host {
  const run = async (call: HostCall): Promise<void> => {
    await calls.ask(call);
  };
  const kill = (): void => {
    state.killed = true;
    child.kill();
  };
  const close = async (graceMs = defaultGraceMs): Promise<void> => {
    state.expected = true;
    calls.ask({ call: 'close' }).catch(() => undefined);
    const timer = setTimeout(kill, graceMs);
    await ended;
    clearTimeout(timer);
  };
  return {
    pid: child.pid,
    copiesFile,
    ended,
    async stage(request) {
      watch();
      const answer = await calls.ask({ call: 'stage', request });
      if (answer.answer !== 'staged') throw wrongAnswer('stage', answer);
      return answer.result;
    },
    async commit(request) {
      const answer = await calls.ask({ call: 'commit', request });
      if (answer.answer !== 'committed') throw wrongAnswer('commit', answer);
      return answer.result;
    },
    async tryVersions(request) {
      const answer = await calls.ask({ call: 'try', request });
      if (answer.answer !== 'tried') throw wrongAnswer('try', answer);
      return answer.result;
    },
    async probe(request) {
      const answer = await calls.ask({ call: 'probe', request });
      if (answer.answer !== 'probed') throw wrongAnswer('probe', answer);
      return answer.result;
    },
    async read(request) {
      const answer = await calls.ask({ call: 'read', request });
      if (answer.answer !== 'bytes') throw wrongAnswer('read', answer);
      return answer.result;
    },
    async call(request) {
      const answer = await calls.ask({ call: 'call', request });
      if (answer.answer !== 'called') throw wrongAnswer('call', answer);
      return answer.result;
    },
    async revert(module) {
      const answer = await calls.ask({ call: 'revert', module });
      if (answer.answer !== 'reverted') throw wrongAnswer('revert', answer);
      return answer.result;
    },
    async inherit(file) {
      watch();
      const answer = await calls.ask({ call: 'inherit', file });
      if (answer.answer !== 'inherited') throw wrongAnswer('inherit', answer);
      return answer.result;
    },
    endInheritance: () => run({ call: 'endInheritance' }),
    async stats() {
      const answer = await calls.ask({ call: 'stats' });
      if (answer.answer !== 'stats') throw wrongAnswer('stats', answer);
      return answer.result;
    },
    async kept() {
      const answer = await calls.ask({ call: 'kept' });
      if (answer.answer !== 'kept') throw wrongAnswer('kept', answer);
      return answer.result;
    },
    async views() {
      const answer = await calls.ask({ call: 'views' });
      if (answer.answer !== 'views') throw wrongAnswer('views', answer);
      return answer.result;
    },
    discard: (modules) => run({ call: 'discard', modules }),
    unload: (module) => run({ call: 'unload', module }),
    pause: () => run({ call: 'pause' }),
    resume: () => run({ call: 'resume' }),
    step: (frames, dt) => run({ call: 'step', frames, dt }),
    setRecovery: (settings) => run({ call: 'setRecovery', settings }),
    setRate: (framesPerSecond) => run({ call: 'setRate', framesPerSecond }),
    close,
    kill,
    [Symbol.asyncDispose]: () => close(),
  };
}

function wrongAnswer(call: string, answer: HostAnswer): Error {
  return new Error(`The host answered "${answer.answer}" to "${call}".`);
}
