import { dirname } from 'node:path';
import { type CaseReport, type CaseResult, caseDuration, caseStatus, notRunText, onWhat } from './types.js';

/**
 * JUnit XML in the form that Jenkins, GitLab and GitHub read (the jenkins-junit.xsd of the xUnit plugin): one suite, a
 * test case each, times in seconds.
 */
export function junitReport(report: CaseReport): string {
  const tests = report.cases.length;
  const counts = `tests="${tests}" failures="${report.failed}" errors="0" skipped="${report.skipped}"`;
  const time = seconds(report.cases.reduce((sum, one) => sum + caseDuration(one), 0));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="hotmod" ${counts} time="${time}">`,
    `  <testsuite name="reload cases${onWhat(report)}" ${counts} time="${time}">`,
    ...report.cases.flatMap(caseLines),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseLines(result: CaseResult): readonly string[] {
  const line = result.line === undefined ? '' : ` line="${result.line}"`;
  const open =
    `    <testcase name="${escapeXml(result.name)}" classname="${escapeXml(dirname(result.file))}"` +
    ` file="${escapeXml(result.file)}"${line} time="${seconds(caseDuration(result))}"`;
  const inside = [...verdictLines(result), ...stepLines(result)];
  return inside.length === 0 ? [`${open}/>`] : [`${open}>`, ...inside, '    </testcase>'];
}

function verdictLines(result: CaseResult): readonly string[] {
  const first = escapeXml(result.message.split('\n')[0] ?? '');
  switch (caseStatus(result)) {
    case 'passed':
      return [];
    case 'skipped':
      return [`      <skipped message="${first}"/>`];
    case 'failed':
      return [`      <failure message="${first}">${escapeXml(result.message)}</failure>`];
  }
}

function stepLines(result: CaseResult): readonly string[] {
  if (result.steps.length === 0) return [];
  const text = result.steps
    .map((step, index) =>
      [`step ${index + 1}:`, step.outcome, step.level, ...step.codes, notRunText([step])].join(' ').trimEnd(),
    )
    .join('\n');
  return [`      <system-out>${escapeXml(text)}</system-out>`];
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

/**
 * Text for XML 1.0, in content and in attributes. Characters that XML 1.0 does not know at all (section 2.2: most
 * control characters, lone surrogates, U+FFFE and U+FFFF) have no escape and are removed. Line feeds in attributes
 * would be read as spaces, hence their escapes.
 */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&apos;')
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
