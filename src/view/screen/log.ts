import { type Line, seg } from '../line.js';
import { cleanLine, displayWidth, fitName } from '../text.js';
import { type Frame, fitAll, ruleLine } from './parts.js';

/** A title and the newest lines that modules printed. */
export function logLines(frame: Frame, rows: number): readonly Line[] {
  const { state, glyphs } = frame;
  if (rows < 2 || state.log.length === 0) return [];
  const shown = state.log.slice(-(rows - 1)).map((line) => ({ ...line, module: nameOf(line.module, frame) }));
  const width = Math.min(16, Math.max(...shown.map((line) => displayWidth(line.module))));
  const lines = shown.map(
    (line): Line => [
      seg(`  ${fitName(line.module, width, glyphs.ellipsis)} `, 'dim'),
      seg(line.stream === 'stderr' ? `${glyphs.warn} ` : '  ', 'warn'),
      seg(cleanLine(line.text, glyphs.unicode)),
    ],
  );
  return [ruleLine([seg('output', 'strong')], frame), ...fitAll(lines, frame)];
}

function nameOf(module: string, frame: Frame): string {
  return module === '' ? 'host' : cleanLine(module, frame.glyphs.unicode);
}
