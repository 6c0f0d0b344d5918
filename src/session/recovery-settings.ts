import type { HostSettings } from '../config/resolved.js';
import type { RecoverySettings } from '../host/host.js';
import type { HostProgram } from '../host/program.js';

/** What the host is to do about crashes by itself. */
export function recoverySettingsOf(host: HostSettings, program: HostProgram): RecoverySettings {
  const { probationFrames, restart, frameCopies, frameCopyLimit } = host;
  return { probationFrames, restart, frameCopies, frameCopyLimit, retryOnce: program.emulator !== '' };
}
