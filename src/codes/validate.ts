import type { CodeText } from './types.js';

export const validateCodes: readonly CodeText[] = [];
