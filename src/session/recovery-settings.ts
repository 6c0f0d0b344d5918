import type { ResolvedConfig } from '../config/resolved.js';
import type { RecoverySettings } from '../host/host.js';

/** What the host is to do about crashes by itself. */
export function recoverySettingsOf({ host, recovery }: Pick<ResolvedConfig, 'host' | 'recovery'>): RecoverySettings {
  const { probationFrames, restart, frameCopies, frameCopyLimit } = host;
  const { hang: _, hostEnd: __, ...policy } = recovery.policy;
  return { probationFrames, restart, frameCopies, frameCopyLimit, policy };
}
