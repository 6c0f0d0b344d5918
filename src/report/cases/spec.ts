import { paintText } from '../../view/ansi.js';
import { formatMs, formatPhases } from '../../view/format.js';
import { type Glyphs, glyphsFor } from '../../view/glyphs.js';
import type { Style } from '../../view/line.js';
import { cleanLine, cleanLines } from '../../view/text.js';
import {
  type CaseReport,
  type CaseResult,
  caseDuration,
  caseStatus,
  notRunText,
  onWhat,
  type StepResult,
} from './types.js';

export interface SpecOptions {
  readonly color?: boolean;
  readonly unicode?: boolean;
}

/** For people: a line a case, below a failed one why and what its steps did, then the counts. */
export function specReport(report: CaseReport, options: SpecOptions = {}): string {
  const { color = false, unicode = true } = options;
  const look: Look = { glyphs: glyphsFor(unicode), paint: (text, style) => paintText(text, style, color) };
  const counts = `${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped${onWhat(report)}`;
  const lines = [...report.cases.flatMap((one) => caseLines(one, look)), '', look.paint(counts, countStyle(report))];
  return `${lines.join('\n')}\n`;
}

interface Look {
  readonly glyphs: Glyphs;
  readonly paint: (text: string, style: Style) => string;
}

function caseLines(result: CaseResult, look: Look): readonly string[] {
  const { glyphs, paint } = look;
  const name = cleanLine(result.name, glyphs.unicode);
  const status = caseStatus(result);
  if (status === 'skipped') {
    const why = result.message === '' ? '' : `: ${cleanLine(result.message, glyphs.unicode)}`;
    return [paint(`${glyphs.idle} ${name} (skipped${why})`, 'dim')];
  }
  const duration = paint(` ${formatMs(caseDuration(result))}`, 'dim');
  if (status === 'passed') {
    const fault = result.emulatorFault === undefined ? '' : ' (the second time: a fault of the emulator, HM584)';
    const left = notRunText(result.steps);
    const notRun = left === '' ? '' : paint(` ${left}`, 'dim');
    return [
      `${paint(glyphs.good, 'good')} ${name}${duration}${paint(fault, 'warn')}${notRun}`,
      // Whether that is what it was nobody can tell without knowing what went wrong.
      ...cleanLines(result.emulatorFault ?? '', glyphs.unicode).map((line) => paint(`    ${line}`, 'dim')),
    ];
  }
  const place = `${result.file}${result.line === undefined ? '' : `:${result.line}`}`;
  return [
    `${paint(`${glyphs.bad} ${name}`, 'bad')}${duration}`,
    paint(`    ${cleanLine(place, glyphs.unicode)}`, 'dim'),
    ...cleanLines(result.message, glyphs.unicode).map((line) => `    ${line}`),
    ...result.steps.map((step, index) => paint(`    step ${index + 1}: ${stepText(step)}`, 'dim')),
  ];
}

function stepText(step: StepResult): string {
  const codes = step.codes.length === 0 ? '' : ` ${step.codes.join(' ')}`;
  const phases = formatPhases(step.timings);
  return `${step.outcome} ${step.level}${codes}, ${formatMs(step.durationMs)}${phases === '' ? '' : ` (${phases})`}`;
}

function countStyle(report: CaseReport): Style {
  return report.failed > 0 ? 'bad' : 'good';
}
