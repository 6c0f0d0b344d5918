import type { ResolvedConfig } from '../../config/resolved.js';
import type { RecoverySettings } from '../../host/host.js';

/**
 * What the host is to do about crashes by itself.
 *
 * @param retryOnce see `RecoverySettings.retryOnce`
 */
export function recoverySettingsOf(
  { host, recovery }: Pick<ResolvedConfig, 'host' | 'recovery'>,
  retryOnce: boolean,
): RecoverySettings {
  const { probationFrames, restart, frameCopies, frameCopyLimit } = host;
  const { hang: _, hostEnd: __, ...policy } = recovery.policy;
  return { probationFrames, restart, frameCopies, frameCopyLimit, policy, retryOnce };
}
