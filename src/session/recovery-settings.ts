import type { HostSettings } from '../config/resolved.js';
import type { RecoverySettings } from '../host/host.js';

/**
 * What the host is to do about crashes by itself.
 *
 * @param retryOnce see `RecoverySettings.retryOnce`
 */
export function recoverySettingsOf(host: HostSettings, retryOnce: boolean): RecoverySettings {
  const { probationFrames, restart, frameCopies, frameCopyLimit } = host;
  return { probationFrames, restart, frameCopies, frameCopyLimit, retryOnce };
}
