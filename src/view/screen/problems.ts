import { basename } from 'node:path';
import type { Line } from '../line.js';
import { cleanLine } from '../text.js';
import { codeLines, type Frame, head } from './parts.js';

/** What is wrong with the session: a configuration that was turned down, then problems, the newest first. */
export function problemLines(frame: Frame, rows: number): readonly Line[] {
  return rows <= 0 ? [] : head(allProblems(frame), rows, frame);
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
    const file = config.message.includes(basename(config.file)) ? '' : `${clean(config.file)}: `;
    const message = `${file}${clean(config.message)}`;
    lines.push(
      ...codeLines(
        `${glyphs.bad} ${config.code} `,
        'bad',
        `not applied, the settings before it stay: ${message}`,
        frame,
      ),
    );
  }
  for (const problem of state.problems.toReversed()) {
    const named = problem.module === '' || problem.message.includes(problem.module);
    const message = `${named ? '' : `${clean(problem.module)}: `}${clean(problem.message)}`;
    lines.push(...codeLines(`${glyphs.bad} ${problem.code} `, 'bad', message, frame));
  }
  return lines;
}
