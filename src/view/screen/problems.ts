import { type Line, seg } from '../line.js';
import { cleanLine } from '../text.js';
import { type Frame, fitAll } from './parts.js';

/** What is wrong with the session: a configuration that was turned down, then problems, the newest first. */
export function problemLines(frame: Frame, rows: number): readonly Line[] {
  return fitAll(allProblems(frame).slice(0, Math.max(0, rows)), frame);
}

export function problemCount(frame: Frame): number {
  return allProblems(frame).length;
}

function allProblems(frame: Frame): readonly Line[] {
  const { state, glyphs } = frame;
  const clean = (text: string): string => cleanLine(text, glyphs.unicode);
  const config = state.rejectedConfig;
  const lines: Line[] = [];
  if (config !== null) {
    lines.push([
      seg(`${glyphs.bad} ${config.code} `, 'bad'),
      seg(`${clean(config.file)} was not applied, the settings before it stay: ${clean(config.message)}`),
    ]);
  }
  for (const problem of state.problems.toReversed()) {
    const module = problem.module === '' ? '' : `${clean(problem.module)}: `;
    lines.push([seg(`${glyphs.bad} ${problem.code} `, 'bad'), seg(`${module}${clean(problem.message)}`)]);
  }
  return lines;
}
