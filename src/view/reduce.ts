import type { EventOf, HotmodEvent } from '../events/events.js';
import { addToHistory, crashEntry, reloadEntry } from './history.js';
import { moduleOf, reduceModule } from './reduce-module.js';
import {
  keptLogLines,
  keptProblems,
  type LogLine,
  type ModuleState,
  newModule,
  type Problem,
  type ViewState,
} from './state.js';

/**
 * The whole view as a function of the event stream. Pure: the same events give the same state, and a state that is
 * held is never changed. Events this version does not know are ignored, as the contract asks of every reader.
 */
export function reduce(state: ViewState, event: HotmodEvent): ViewState {
  const next = reduceSession(state, event);
  const module = moduleOf(event);
  return module === '' ? next : updateModule(next, module, (old) => reduceModule(old, event));
}

function reduceSession(state: ViewState, event: HotmodEvent): ViewState {
  switch (event.type) {
    case 'session:start':
      return startSession(state, event);
    case 'session:end':
      return { ...state, ended: event.reason };
    case 'session:idle':
      return { ...state, modules: state.modules.map((module) => settle(module, event.modules)) };
    case 'session:problem':
      return addProblem(state, { code: event.code, message: event.message, module: event.module ?? '', generation: 0 });
    case 'config:applied':
      return { ...state, rejectedConfig: null };
    case 'config:rejected':
      return { ...state, rejectedConfig: { file: event.file, code: event.code, message: event.message } };
    case 'module:added':
      return updateModule(state, event.module, (old) => old);
    case 'module:removed':
      return removed(state, event);
    case 'module:current':
      return { ...state, problems: state.problems.filter((problem) => problem.module !== event.module) };
    case 'module:restarted':
      return restarted(state, event);
    case 'watch:change':
      return event.modules.includes(state.focus) ? focusOn(state, state.focus) : focusOn(state, event.modules[0] ?? '');
    case 'reload:done':
      return reloadDone(state, event);
    case 'host:up':
      return { ...state, host: { up: true, pid: event.pid, restarts: event.restarts } };
    case 'host:crash':
      return hostCrash(state, event);
    case 'journal:interrupted':
      return addToLog(state, { stream: 'stderr', module: '', text: event.message });
    case 'emulator:fault':
      return addToLog(state, { stream: 'stderr', module: '', text: event.message });
    case 'host:output':
      return addToLog(state, { stream: event.stream, module: event.module, text: event.text });
    case 'host:stats':
      return {
        ...state,
        stats: { frame: event.frame, rate: event.rate, paused: event.paused, tickUs: event.tickUs },
      };
    default:
      return state;
  }
}

function addToLog(state: ViewState, line: LogLine): ViewState {
  return { ...state, log: [...state.log, line].slice(-keptLogLines) };
}

function startSession(state: ViewState, event: EventOf<'session:start'>): ViewState {
  const { version, pid, logFile } = event;
  const own = event.emulator === undefined ? event.target : `${event.target} (emulated)`;
  const target = [own, ...(event.otherTargets ?? [])].join(' + ');
  const modules = event.modules.map((name) => state.modules.find((module) => module.name === name) ?? newModule(name));
  return { ...state, session: { version, pid, target, logFile }, ended: null, modules };
}

/** True until the session ends, however well it goes on: a journal that is not written to. */
const lastingProblems: ReadonlySet<string> = new Set(['HM560', 'HM561', 'HM562']);

/**
 * A reload that went well answers the problems of its module, and those of no module: whatever was wrong with the
 * session, it works again. A crash stays until a newer generation than the one that crashed runs.
 */
function reloadDone(state: ViewState, event: EventOf<'reload:done'>): ViewState {
  const module = state.modules.find((one) => one.name === event.module);
  const next = addToHistory(state, reloadEntry(event, module?.diagnostics ?? []));
  if (event.outcome !== 'loaded' && event.outcome !== 'reloaded') return focusOn(next, event.module);
  const problems = next.problems.filter((problem) =>
    problem.module === event.module
      ? problem.generation >= event.generation
      : problem.module !== '' || lastingProblems.has(problem.code),
  );
  return { ...next, problems };
}

/** A module whose last version runs on stays in sight, because what it does can still be seen. */
function removed(state: ViewState, event: EventOf<'module:removed'>): ViewState {
  if (event.running !== true) {
    return { ...state, modules: state.modules.filter((module) => module.name !== event.module) };
  }
  return updateModule(state, event.module, (old) => ({ ...old, stage: 'stopped', failure: 'folder gone' }));
}

/** What became of the module after its crash belongs to that crash; that its state was lost with another one's is said by itself. */
function restarted(state: ViewState, event: EventOf<'module:restarted'>): ViewState {
  const { module, generation, message, code } = event;
  const at = state.problems.findLastIndex((one) => one.module === module && one.generation === generation);
  const problem = state.problems[at];
  if (problem === undefined)
    return code === undefined
      ? state
      : addProblem(state, { code, message: `${module}: ${message}`, module, generation });
  if (problem.message.endsWith(message)) return state;
  return { ...state, problems: state.problems.with(at, { ...problem, message: `${problem.message} ${message}` }) };
}

/** Where the whole host was lost, every other module waits for the next one; its last good generation comes back. */
function hostCrash(state: ViewState, event: EventOf<'host:crash'>): ViewState {
  const { code, message, module, generation } = event;
  const next = addToHistory(addProblem(state, { code, message, module, generation }), crashEntry(event));
  const focused = module === '' ? next : focusOn(next, module);
  if (!event.fatal) return focused;
  return {
    ...focused,
    host: { ...focused.host, up: false },
    modules: focused.modules.map((one) => (one.stage === 'running' ? { ...one, stage: 'waiting' } : one)),
  };
}

/** Nothing waits any more: a module that ran through without a reload (nothing changed) is what it was before. */
function settle(module: ModuleState, loaded: readonly string[]): ModuleState {
  const busy = module.stage !== 'failed' && module.stage !== 'stopped' && module.stage !== 'deferred';
  if (!busy) return module;
  return { ...module, stage: loaded.includes(module.name) ? 'running' : 'stopped', failure: '' };
}

function addProblem(state: ViewState, problem: Problem): ViewState {
  const same = (old: Problem): boolean => old.code === problem.code && old.module === problem.module;
  const others = state.problems.filter(
    (old) => !same(old) || (problem.module === '' && old.message !== problem.message),
  );
  return { ...state, problems: [...others, problem].slice(-keptProblems) };
}

function focusOn(state: ViewState, module: string): ViewState {
  if (module === '') return state;
  return { ...state, focus: module, focusCount: state.focusCount + 1 };
}

/** Events may name a module before `session:start` or `module:added` did; it is then added at the end. */
function updateModule(state: ViewState, name: string, change: (old: ModuleState) => ModuleState): ViewState {
  const old = state.modules.find((module) => module.name === name);
  if (old === undefined) return { ...state, modules: [...state.modules, change(newModule(name))] };
  const changed = change(old);
  if (changed === old) return state;
  return { ...state, modules: state.modules.map((module) => (module === old ? changed : module)) };
}
