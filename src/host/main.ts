import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import { namesIn } from '../files/names-in.js';
import { removeQuietly } from '../files/remove-quietly.js';
import { createCopies } from './copies.js';
import { type Engine, startEngine } from './engine.js';
import type { StageRequest, StageResult, TrialRequest, TrialResult } from './host.js';
import { type ChildMessage, type HostAnswer, type HostCall, type HostSetup, isParentMessage } from './protocol.js';
import { readTrial } from './trial.js';

/**
 * The host process: does what the parent says over IPC and nothing else. It must never touch process.stdout or
 * process.stderr: Node would make them non-blocking, and text that modules print could be lost.
 */
function main(): void {
  let host: HostProcess | null = null;
  let cleanUp: readonly string[] = [];
  let groupsDir = '';

  // Ctrl+C goes to the whole process group; the parent decides what becomes of the host.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => {
    endGroups(groupsDir);
    for (const file of cleanUp) removeQuietly(file);
    // Not process.exit: it waits for worker threads, and one of them may be inside a module that never returns.
    process.kill(process.pid, 'SIGKILL');
  });
  process.on('message', (message: unknown) => {
    if (!isParentMessage(message)) return;
    if (message.type === 'setup') {
      cleanUp = [message.runDir, message.copiesFile, ...message.cleanUp].filter((file) => file !== '');
      groupsDir = message.groupsDir;
      host = setUp(message);
    } else if (message.type === 'signal') {
      process.kill(process.pid, message.number);
    } else if (host !== null) {
      void host.serve(message.id, message.call);
    }
  });
}

interface HostProcess {
  serve(id: number, call: HostCall): Promise<void>;
}

function setUp(setup: HostSetup): HostProcess | null {
  try {
    const engine = startEngine({
      library: setup.engineLibrary,
      statusFile: setup.statusFile,
      copiesFile: setup.copiesFile,
      rate: setup.rate,
      stepped: setup.stepped,
      recovery: setup.recovery,
    });
    const host = createHostProcess(engine, setup.runDir);
    send({ type: 'ready' });
    return host;
  } catch (error) {
    send({ type: 'unable', message: messageOf(error) });
    return null;
  }
}

/** Ends the build commands that the parent was running when it was killed: each left a file named by its group. */
function endGroups(dir: string): void {
  for (const name of namesIn(dir)) {
    try {
      process.kill(-Number(name), 'SIGKILL');
    } catch {
      // It has ended by itself, and its file was about to be removed; the others still have to be ended.
    }
  }
}

function createHostProcess(engine: Engine, runDir: string): HostProcess {
  const forwardFaults = (): void => {
    for (const fault of engine.takeFaults()) send({ type: 'fault', fault });
    for (const recovered of engine.takeRecovered()) send({ type: 'recovered', recovered });
  };
  const wakeUps = new Socket({ fd: engine.faultDescriptor, readable: true, writable: false });
  wakeUps.on('data', forwardFaults);

  const copies = createCopies(runDir);
  const stage = async (request: StageRequest): Promise<StageResult> => {
    let copy: string;
    try {
      copy = copies.make(request);
    } catch (error) {
      const message = `The library of "${request.module}" could not be copied to be loaded: ${messageOf(error)}.`;
      return { ok: false, code: 'HM501', message, loadMs: 0 };
    }
    return engine.stage(request, copy);
  };

  return {
    async serve(id, call) {
      const answer = await carryOut(engine, runDir, stage, call).catch(
        (error: unknown): HostAnswer => ({ answer: 'failed', message: messageOf(error) }),
      );
      // What crashed during the call is told before the call's own answer.
      forwardFaults();
      send({ type: 'answer', id, answer }, () => {
        if (call.call === 'close') engine.exit(0);
      });
      if (call.call === 'commit') await engine.sweep();
    },
  };
}

/** The files are as large as the state that was kept, and go as soon as they were read. */
async function tryVersions(engine: Engine, runDir: string, request: TrialRequest): Promise<TrialResult> {
  const paths = { running: join(runDir, 'trial-running'), staged: join(runDir, 'trial-staged') };
  try {
    const failure = await engine.tryVersions(request, paths);
    if (failure !== null) return { ok: false, ...failure };
    return { ok: true, running: readTrial(readFileSync(paths.running)), staged: readTrial(readFileSync(paths.staged)) };
  } finally {
    for (const path of Object.values(paths)) removeQuietly(path);
  }
}

async function carryOut(
  engine: Engine,
  runDir: string,
  stage: (request: StageRequest) => Promise<StageResult>,
  call: HostCall,
): Promise<HostAnswer> {
  switch (call.call) {
    case 'stage':
      return { answer: 'staged', result: await stage(call.request) };
    case 'commit':
      return { answer: 'committed', result: await engine.commit(call.request) };
    case 'try':
      return { answer: 'tried', result: await tryVersions(engine, runDir, call.request) };
    case 'probe':
      return { answer: 'probed', result: await engine.probe(call.request) };
    case 'read':
      return { answer: 'bytes', result: await engine.read(call.request) };
    case 'call':
      return { answer: 'called', result: await engine.call(call.request) };
    case 'inherit':
      return { answer: 'inherited', result: await engine.inherit(call.file) };
    case 'revert':
      return { answer: 'reverted', result: await engine.revert(call.module) };
    case 'stats':
      return { answer: 'stats', result: await engine.stats() };
    case 'kept':
      return { answer: 'kept', result: await engine.kept() };
    case 'views':
      return { answer: 'views', result: await engine.views() };
    default:
      await carryOutCommand(engine, call);
      return { answer: 'done' };
  }
}

type Question =
  | 'stage'
  | 'commit'
  | 'try'
  | 'probe'
  | 'read'
  | 'call'
  | 'inherit'
  | 'revert'
  | 'stats'
  | 'kept'
  | 'views';
type Command = Exclude<HostCall, { readonly call: Question }>;

async function carryOutCommand(engine: Engine, call: Command): Promise<void> {
  switch (call.call) {
    case 'endInheritance':
      return engine.endInheritance();
    case 'discard':
      for (const module of call.modules) await engine.discard(module);
      return;
    case 'unload':
      return engine.unload(call.module);
    case 'pause':
      return engine.pause();
    case 'resume':
      return engine.resume();
    case 'step':
      return engine.step(call.frames, call.dt);
    case 'setRecovery':
      return engine.setRecovery(call.settings);
    case 'setRate':
      return engine.setRate(call.framesPerSecond);
    case 'close':
      return engine.stop();
    default: {
      const unknown: never = call;
      throw new Error(`Unknown call ${JSON.stringify(unknown)}.`);
    }
  }
}

function send(message: ChildMessage, sent?: () => void): void {
  if (process.send === undefined || !process.connected) return;
  process.send(message, undefined, undefined, () => sent?.());
}

main();
