import { type Line, seg } from '../line.js';
import { stackTexts } from '../stack.js';
import type { ModuleState } from '../state.js';
import { cleanLine } from '../text.js';
import { type Frame, fitAll, head } from './parts.js';

/** Rows of a stack that are worth more than what else there is to see. */
export const shortStack = 6;

/** The calls that led to the last crash of the module, the innermost first. */
export function stackLines(frame: Frame, module: ModuleState, rows: number): readonly Line[] {
  return rows <= 0 ? [] : head(allCalls(frame, module), rows, frame, 'more calls, e shows them');
}

export function stackHeight(frame: Frame, module: ModuleState): number {
  return allCalls(frame, module).length;
}

function allCalls(frame: Frame, module: ModuleState): readonly Line[] {
  if (module.crash === null) return [];
  const clean = (text: string): string => cleanLine(text, frame.glyphs.unicode);
  const lines = stackTexts(module.crash).map((text): Line => [seg(`    ${clean(text)}`)]);
  return fitAll(lines, frame);
}
