import type { CodeText } from './types.js';

export const reloadCodes: readonly CodeText[] = [];
