import { keyContext } from '../controls.js';
import { type KeyBinding, type KeyContext, keyTable } from '../keys.js';
import { fitLine, type Line, lineWidth, seg } from '../line.js';
import type { Frame } from './parts.js';

/** The keys that do something now; where they do not all fitText, the least needed are left out, never `h` and `q`. */
export function footerLine(frame: Frame): Line {
  if (frame.controls.quitting) return [seg('ending; Ctrl+C again ends at once', 'warn')];
  const context = keyContext(frame.state, frame.controls, frame.canOpenLog);
  let shown = keyTable.filter((binding) => binding.when(context) && binding.command !== 'previous');
  while (shown.length > 1 && lineWidth(draw(shown, context)) > frame.columns) {
    const least = Math.max(...shown.map((binding) => binding.rank));
    shown = shown.filter((binding) => binding.rank !== least);
  }
  return fitLine(draw(shown, context), frame.columns, frame.glyphs.ellipsis);
}

/** All keys with what they do; those that do nothing now are dim. */
export function helpLines(frame: Frame): readonly Line[] {
  const context = keyContext(frame.state, frame.controls, frame.canOpenLog);
  const width = Math.max(...keyTable.map((binding) => binding.shown.length));
  return keyTable
    .filter((binding) => binding.command !== 'openLog' || context.canOpenLog)
    .map((binding) =>
      fitLine(
        [
          seg(`  ${binding.shown.padEnd(width)}  `, 'accent'),
          seg(binding.help, binding.when(context) ? 'plain' : 'dim'),
        ],
        frame.columns,
        frame.glyphs.ellipsis,
      ),
    );
}

function draw(bindings: readonly KeyBinding[], context: KeyContext): Line {
  return bindings.flatMap((binding, index) => [
    seg(`${index === 0 ? '' : '  '}${binding.shown}`, 'accent'),
    seg(` ${binding.label(context)}`, 'dim'),
  ]);
}
