import { buildCodes } from './build.js';
import { configCodes } from './config.js';
import { reloadCodes } from './reload.js';
import type { CodeText } from './types.js';
import { validateCodes } from './validate.js';
import { verdictCodes } from './verdict.js';

export type { CodeText } from './types.js';

/** All codes in number order. */
export const codes: readonly CodeText[] = [
  ...configCodes,
  ...buildCodes,
  ...validateCodes,
  ...verdictCodes,
  ...reloadCodes,
];

export function findCode(code: string): CodeText | undefined {
  const wanted = code.trim().toUpperCase();
  return codes.find((entry) => entry.code === wanted);
}
