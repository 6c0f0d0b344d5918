import type { SceneResult } from '../demo/tour.js';
import { formatMs } from '../view/format.js';
import { fitText } from '../view/text.js';

/** What came of one scene, for people. */
export function sceneText(result: SceneResult): string {
  const { outcome, level, messages, diagnostics, timings, asAnnounced } = result;
  const [first] = diagnostics.filter((one) => one.severity === 'error');
  const lines = [
    `  ${asAnnounced ? 'as announced' : 'NOT AS ANNOUNCED'}: ${outcome}, ${level}, ${formatMs(timings.total ?? 0)}`,
    ...(first === undefined ? messages : first.rendered.trimEnd().split('\n')).map((line) => `    ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

const columns = [
  { title: 'scene', width: 26, align: 'left', of: (one: SceneResult) => one.scene.title },
  { title: 'outcome', width: 12, align: 'left', of: (one: SceneResult) => one.outcome },
  { title: 'verdict', width: 8, align: 'left', of: (one: SceneResult) => one.level },
  { title: 'build', width: 9, align: 'right', of: (one: SceneResult) => time(one.timings.build) },
  { title: 'pause', width: 9, align: 'right', of: (one: SceneResult) => time(one.timings.pause) },
  { title: 'total', width: 9, align: 'right', of: (one: SceneResult) => time(one.timings.total) },
] as const;

/** All scenes as a table of verdicts and timings. */
export function tourTable(results: readonly SceneResult[]): string {
  const row = (cells: readonly string[]): string =>
    columns.map(({ width, align }, index) => fitText(cells[index] ?? '', width, '…', align)).join('  ');
  const lines = [
    row(columns.map((column) => column.title)),
    columns.map(({ width }) => '-'.repeat(width)).join('  '),
    ...results.map((one) => row(columns.map((column) => column.of(one)))),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function time(value: number | undefined): string {
  return value === undefined ? '-' : formatMs(value);
}
