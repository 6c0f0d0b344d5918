import type { CodeText } from './types.js';

export const configCodes: readonly CodeText[] = [];
