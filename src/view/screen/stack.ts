import { type Line, seg } from '../line.js';
import { registerTexts, stackTexts } from '../stack.js';
import type { ModuleState } from '../state.js';
import { cleanLine } from '../text.js';
import { type Frame, fitAll, head } from './parts.js';

/** Rows of a stack that are worth more than what else there is to see. */
export const shortStack = 6;

/** The calls that led to the last crash of the module, the innermost first and, where all is asked for, the registers at it. */
export function stackLines(frame: Frame, module: ModuleState, rows: number): readonly Line[] {
  return rows <= 0 ? [] : head(allCalls(frame, module), rows, frame, 'more calls, e shows them');
}

export function stackHeight(frame: Frame, module: ModuleState): number {
  return allCalls(frame, module).length;
}

function allCalls(frame: Frame, module: ModuleState): readonly Line[] {
  if (module.crash === null) return [];
  const clean = (text: string): string => cleanLine(text, frame.glyphs.unicode);
  const registers = registerTexts(module.crash);
  const shown = frame.controls.fullError || registers.length === 0 ? registers : ['e shows the registers'];
  const lines = [...stackTexts(module.crash), ...shown].map((text): Line => [seg(`    ${clean(text)}`)]);
  return fitAll(lines, frame);
}
