import { formatCount, plural } from '../format.js';
import { manyModules } from '../keys.js';
import type { Line, Segment } from '../line.js';
import { lineWidth, seg } from '../line.js';
import type { Stage } from '../state.js';
import { displayWidth } from '../text.js';
import { type Frame, spreadLine } from './parts.js';

/** Who runs, for what machine, and whether the program moves: `frame 12,340 · 60/s · tick 18 us`. */
export function headerLine(frame: Frame): Line {
  const { state, glyphs } = frame;
  const dot = ` ${glyphs.dot} `;
  const session = state.session === null ? ' starting' : ` ${state.session.version}${dot}${state.session.target}`;
  const counts = moduleCounts(frame);
  const modules = `${dot}${[plural(state.modules.length, 'module'), ...counts].join(dot)}`;
  const right = motion(frame);
  // Whether the program moves is worth more than the version; a narrow terminal shows the name alone before it.
  const room = frame.columns - lineWidth(right) - 2;
  const left = [`${session}${modules}`, modules, ''].find((text) => 6 + displayWidth(text) <= room) ?? '';
  return spreadLine([seg('hotmod', 'strong'), seg(left, 'dim')], right, frame);
}

const busyStages: ReadonlySet<Stage> = new Set(['building', 'validating', 'assessing', 'reloading', 'deferred']);

/** How many are at work and how many failed, where the table below does not show all of them. */
function moduleCounts({ state }: Frame): readonly string[] {
  if (state.modules.length <= manyModules) return [];
  let busy = 0;
  let failed = 0;
  for (const { stage } of state.modules) {
    if (busyStages.has(stage)) busy += 1;
    if (stage === 'failed' || stage === 'stopped') failed += 1;
  }
  return [...(busy > 0 ? [`${formatCount(busy)} busy`] : []), ...(failed > 0 ? [`${formatCount(failed)} failed`] : [])];
}

function motion(frame: Frame): readonly Segment[] {
  const { state, glyphs } = frame;
  if (state.ended !== null) return [seg(`ended: ${state.ended}`, 'dim')];
  if (!state.host.up)
    return [seg(state.host.restarts > 0 || state.host.pid > 0 ? 'host is down' : 'host is starting', 'warn')];
  if (state.stats === null) return [];
  const { rate, tickUs, paused } = state.stats;
  const dot = ` ${glyphs.dot} `;
  // The parts that change are padded, so that the line does not move under the eye.
  const count = formatCount(state.stats.frame).padStart(9);
  const tick = `tick ${String(Math.round(tickUs)).padStart(4)} us`;
  return [
    ...(paused ? [seg('PAUSED ', 'warn')] : []),
    seg(`frame ${count}${dot}${formatCount(rate)}/s${dot}${tick}`, 'dim'),
  ];
}
