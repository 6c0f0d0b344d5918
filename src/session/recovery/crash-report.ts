import type { CrashAction, CrashReport, EndClass, ErrorClass } from '../../config/resolved.js';
import type { HostEnd, ModuleFault } from '../../host/host.js';
import type { Symbolised } from './symbolise.js';

/**
 * What the user's `onCrash` is told of a crash inside a guarded call. It may choose only where the host has left the
 * module out of the frame loop: what falls before the next frame nobody can be asked about.
 */
export function crashReportOf(fault: ModuleFault, place: Symbolised): CrashReport {
  const { module, generation, class: errorClass, signal, call, frames, recoveryMs } = fault;
  const open = !fault.goesOn && !fault.stopped && fault.wentBack.length === 0;
  return {
    ...{ module, generation, errorClass, signal, call, frames },
    ...placeOf(place, fault.function),
    action: actionOf(fault),
    choices: open ? afterFault : [],
    recoveryMs,
  };
}

const afterFault: readonly CrashAction[] = ['goOn', 'restartModule', 'restartHost', 'stop'];
const afterEnd: readonly CrashAction[] = ['rollBack', 'restartHost', 'stop'];

function actionOf({ goesOn, stopped, restart, wentBack }: ModuleFault): CrashAction {
  if (stopped) return 'stop';
  if (restart !== 'nothing') return restart === 'module' ? 'restartModule' : 'restartHost';
  return goesOn || wentBack.length === 0 ? 'goOn' : 'rollBack';
}

/** The same of an end of the host process. With nobody to blame there is nothing to choose. */
export function endReportOf(
  end: HostEnd,
  place: Symbolised,
  planned: 'rollBack' | 'restartHost' | 'stop' | 'first' | 'tooOften',
  isBlamed: boolean,
): CrashReport {
  const { module, generation, how, call, frames } = end;
  return {
    ...{ module, generation, errorClass: endClassOf(end), signal: how, call, frames },
    ...placeOf(place, ''),
    action: planned === 'first' || planned === 'tooOften' ? 'stop' : planned,
    choices: isBlamed ? afterEnd : [],
    recoveryMs: null,
  };
}

export function endClassOf({ how }: HostEnd): EndClass {
  return how === 'hang' ? 'hang' : 'hostEnd';
}

/** To stand before the word for what is done. */
export function whoSays(errorClass: ErrorClass, chosen: boolean): string {
  return chosen ? 'recovery.onCrash said' : `recovery.policy.${errorClass} says`;
}

function placeOf({ innermost, stack }: Symbolised, otherwise: string) {
  return { function: innermost.function || otherwise, file: innermost.file, line: innermost.line, stack };
}
