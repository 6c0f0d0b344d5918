import type { Finding } from '../../events/events.js';
import type { HostEnd } from '../../host/host.js';

/** How the host process ended, as a finding: whose call it was, and what came of it. */
export function describeHostEnd(end: HostEnd): Finding {
  const constructors = end.call === 'dlopen' ? ' (its constructors)' : '';
  const call = `${end.call || 'a call'} of ${end.module}${constructors}`;
  const where = whereOf(end, call);
  switch (end.how) {
    case 'exit':
      return { code: 'HM510', message: `exit() was called ${where}, which ended the host process.` };
    case 'hang':
      return { code: 'HM511', message: `${call} did not return, so the host process was ended.` };
    case 'SIGKILL':
    case 'SIGTERM':
      return {
        code: 'HM512',
        message:
          end.module === ''
            ? `The host process was ended from outside with ${end.how}, by somebody or for want of memory.`
            : `The host process was ended with ${end.how} during ${call}: by the module itself, by somebody, or for want of memory.`,
      };
    default:
      return { code: 'HM512', message: `The host process ended with ${end.how} ${where}.` };
  }
}

function whereOf(end: HostEnd, call: string): string {
  if (end.module === '') return 'outside any call of a module';
  // It may be one that a version had started which has long been replaced.
  return end.call === 'thread' ? `in a thread of ${end.module} generation ${end.generation}` : `in ${call}`;
}

/** What a crash did, to stand after the name of a version: `crashed with SIGSEGV`. */
export function howItEnded(how: string): string {
  if (how === 'hang') return 'did not return from a call';
  if (how === 'exit') return 'called exit()';
  return how === 'SIGKILL' || how === 'SIGTERM' ? `was ended with ${how}` : `crashed with ${how}`;
}
