import type { DebugType } from '../debuginfo/types.js';
import type { ObjectBytes } from './objects.js';
import type { Literal } from './types.js';

/** Writes a value of any type into an object, at a byte offset. Throws ValueError and PassingError. */
export type WriteValue = (type: DebugType, literal: Literal, to: ObjectBytes, at: number) => void;
