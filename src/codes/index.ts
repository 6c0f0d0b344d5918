import { buildCodes } from './build.js';
import { configCodes } from './config.js';
import { conflictCodes } from './conflicts.js';
import { keptCodes } from './kept.js';
import { reloadCodes } from './reload.js';
import { sessionCodes } from './session.js';
import { stateCodes } from './state.js';
import { targetCodes } from './targets.js';
import { toolchainCodes } from './toolchain.js';
import type { CodeText } from './types.js';
import { usageCodes } from './usage.js';
import { validateCodes } from './validate.js';
import { verdictCodes } from './verdict.js';

export type { CodeText } from './types.js';

/** All codes in number order. */
export const codes: readonly CodeText[] = [
  ...configCodes,
  ...usageCodes,
  ...toolchainCodes,
  ...targetCodes,
  ...buildCodes,
  ...validateCodes,
  ...verdictCodes,
  ...conflictCodes,
  ...stateCodes,
  ...reloadCodes,
  ...keptCodes,
  ...sessionCodes,
].sort((a, b) => a.code.localeCompare(b.code));

export function findCode(code: string): CodeText | undefined {
  const wanted = code.trim().toUpperCase();
  return codes.find((entry) => entry.code === wanted);
}
