import { type CaseReport, caseStatus, onWhat } from './types.js';

/**
 * Workflow commands that GitHub Actions shows at the files of a change: one `::error` a failed case, one `::notice`
 * with the counts. Format: "Workflow commands for GitHub Actions", message escaping as in actions/toolkit command.ts.
 */
export function githubReport(report: CaseReport): string {
  const failed = report.cases.filter((result) => caseStatus(result) === 'failed');
  const lines = failed.map((result) => {
    const place = `file=${escapeProperty(result.file)},line=${result.line ?? 1}`;
    return `::error ${place},title=${escapeProperty(result.name)}::${escapeMessage(result.message || 'failed')}`;
  });
  const counts = `${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped${onWhat(report)}`;
  return `${[...lines, `::notice title=hotmod reload cases::${counts}`].join('\n')}\n`;
}

function escapeMessage(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

/** A property ends at a comma or a colon, so these are escaped as well. */
function escapeProperty(text: string): string {
  return escapeMessage(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
