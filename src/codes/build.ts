import type { CodeText } from './types.js';

export const buildCodes: readonly CodeText[] = [];
