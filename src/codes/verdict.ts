import type { CodeText } from './types.js';

export const verdictCodes: readonly CodeText[] = [];
