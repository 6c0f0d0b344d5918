import type { CaseReport } from './types.js';

/** The report as one JSON object, indented by two, with a line feed at its end. */
export function jsonReport(report: CaseReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
