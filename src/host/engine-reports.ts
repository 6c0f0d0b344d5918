import { faultClasses } from '../config/resolved.js';
import { commitSteps } from './failures.js';
import {
  blockers,
  type CommitStep,
  type CommittedModule,
  type HostStats,
  hookNames,
  type Inheritance,
  type KeptImage,
  type ModuleFacts,
  type ModuleFault,
  type ModuleRecovered,
  type ModuleView,
  noCopyReasons,
  type ProbeFinding,
  type WentBack,
} from './host.js';
import type { ReportReader } from './report.js';
import { signalName } from './signals.js';
import { readStack } from './stack.js';

/** The readers below follow the writers in engine/node_api.c field by field. */
export function readFacts(report: ReportReader): ModuleFacts {
  const style = report.flag() ? 'interface' : 'functions';
  const name = report.text();
  const version = report.text();
  const apiVersion = report.number();
  const bits = report.number();
  return {
    style,
    name,
    version,
    apiVersion,
    hooks: hookNames.filter((_, index) => (bits & (1 << index)) !== 0),
    hasView: report.flag(),
  };
}

export function readCommitted(report: ReportReader): readonly CommittedModule[] {
  const modules: CommittedModule[] = [];
  while (!report.done) modules.push(readCommittedModule(report));
  return modules;
}

/** A state that save_state gave is one piece to the engine: it counts as one variable, kept or dropped. */
function readCommittedModule(report: ReportReader): CommittedModule {
  const module = report.text();
  const bytes = report.number();
  const kept = report.flag() ? 1 : 0;
  const dropped = report.flag() ? 1 : 0;
  const oldImageKept = report.flag();
  const ran = report.number();
  const steps: Partial<Record<CommitStep, number>> = {};
  for (const [index, step] of commitSteps.entries()) {
    const duration = report.milliseconds();
    if ((ran & (1 << index)) !== 0) steps[step] = duration;
  }
  const findings = readFindings(report);
  return { module, state: { bytes, kept, converted: 0, reset: 0, dropped }, steps, oldImageKept, findings };
}

export function readInheritance(report: ReportReader): Inheritance {
  const frame = report.number();
  const count = report.number();
  const generations = Array.from({ length: count }, () => [report.text(), report.number()] as const);
  return { frame, generations: new Map(generations) };
}

/** What the checks of a transfer plan found: their number, then each. */
export function readFindings(report: ReportReader): readonly ProbeFinding[] {
  const findings: ProbeFinding[] = [];
  for (let left = report.number(); left > 0; left--) {
    const check = report.number();
    const count = report.number();
    findings.push({ check, count, value: report.bigint(), round: report.number() });
  }
  return findings;
}

/** In the order of `hot_fate_t`. */
const fates = ['out', 'goesOn', 'wentBack', 'stopped', 'restart', 'newHost', 'passedAgain'] as const;

export function readFault(report: ReportReader): ModuleFault {
  const what = {
    module: report.text(),
    generation: report.number(),
    signal: signalName(report.number()),
    address: report.bigint(),
    call: report.text(),
    function: report.text(),
    frames: report.number(),
    stack: readStack(report),
  };
  const kind = faultClasses[report.number()] ?? 'segv';
  const fate = fates[report.number()] ?? 'out';
  const restored = report.flag();
  const bytes = report.number();
  const why = noCopyReasons[report.number()] ?? 'unknown';
  const recoveryMs = report.milliseconds();
  const wentBack: WentBack[] = [];
  for (let left = report.number(); left > 0; left--) {
    wentBack.push({
      module: report.text(),
      from: report.number(),
      generation: report.number(),
      state: report.number() === 0 ? 'boundary' : 'reload',
    });
  }
  return {
    ...what,
    class: kind,
    restored: { bytes, why: restored ? 'none' : why },
    wentBack,
    goesOn: fate === 'goesOn',
    stopped: fate === 'stopped',
    restart: fate === 'restart' ? 'module' : fate === 'newHost' ? 'host' : 'nothing',
    passedAgain: fate === 'passedAgain',
    recoveryMs,
  };
}

export function readRecovered(report: ReportReader): ModuleRecovered {
  return { module: report.text(), generation: report.number(), recoveryMs: report.milliseconds() };
}

export function readStats(report: ReportReader): HostStats {
  const stats = {
    frame: report.number(),
    rate: report.number(),
    paused: report.flag(),
    tickUs: report.number(),
    keptImages: report.number(),
  };
  const modules: HostStats['modules'][number][] = [];
  while (!report.done) {
    modules.push({
      module: report.text(),
      generation: report.number(),
      frames: report.number(),
      running: report.flag(),
      critical: report.flag(),
      why: report.text(),
      recoveryMs: report.milliseconds(),
    });
  }
  return { ...stats, modules };
}

export function readKept(report: ReportReader): readonly KeptImage[] {
  const images: KeptImage[] = [];
  while (!report.done) {
    images.push({
      module: report.text(),
      generation: report.number(),
      blocker: blockers[report.number()] ?? 'unknown',
      holder: report.text(),
      holderGeneration: report.number(),
      place: report.bigint(),
      target: report.bigint(),
      searches: report.number(),
      thread: report.number(),
      text: report.text(),
    });
  }
  return images;
}

export function readViews(report: ReportReader): readonly ModuleView[] {
  const views: ModuleView[] = [];
  while (!report.done) views.push({ module: report.text(), text: report.text() });
  return views;
}
