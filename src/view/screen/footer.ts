import { keyContext } from '../controls.js';
import { type Command, type KeyBinding, type KeyContext, keyTable, manyModules } from '../keys.js';
import { fitLine, type Line, lineWidth, seg } from '../line.js';
import type { Frame } from './parts.js';

/** Keys that everybody tries anyway; `h` tells of them. */
const onlyInHelp: ReadonlySet<Command> = new Set(['previous', 'pageDown', 'pageUp', 'first', 'last']);

const typingKeys = [
  ['enter', 'keep'],
  ['esc', 'show all'],
  ['up/down', 'module'],
] as const;

/** The keys that do something now; where they do not all fitText, the least needed are left out, never `h` and `q`. */
export function footerLine(frame: Frame): Line {
  if (frame.controls.quitting) return [seg('ending; Ctrl+C again ends at once', 'warn')];
  if (frame.controls.filter?.typing === true) {
    return fitLine(
      typingKeys.flatMap(([key, label]) => [seg(`${key} `, 'accent'), seg(`${label}  `, 'dim')]),
      frame.columns,
    );
  }
  const context = keyContext(frame.state, frame.controls, frame.canOpenLog);
  let shown = keyTable.filter((binding) => binding.when(context) && !onlyInHelp.has(binding.command));
  while (shown.length > 1 && lineWidth(draw(shown, context)) > frame.columns) {
    const least = Math.max(...shown.map((binding) => rankOf(binding, context)));
    shown = shown.filter((binding) => rankOf(binding, context) !== least);
  }
  return fitLine(draw(shown, context), frame.columns, frame.glyphs.ellipsis);
}

/** Among many modules a name is how one is found. */
function rankOf({ command, rank }: KeyBinding, { moduleCount }: KeyContext): number {
  return command === 'filter' && moduleCount > manyModules ? 2.5 : rank;
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
