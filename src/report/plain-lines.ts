import type { EventOf, Finding, HotmodEvent, Outcome, Reason } from '../events/events.js';
import { diagnosticLines } from '../view/diagnostic.js';
import { formatConflict, formatCount, formatMs, formatPhases, formatState, plural } from '../view/format.js';
import { type Glyphs, levelGlyph, levelStyle, verdictMark } from '../view/glyphs.js';
import { type Line, type Style, seg } from '../view/line.js';
import { recoveryText } from '../view/recovery-text.js';
import { crashWord, failureWord } from '../view/reduce-module.js';
import { registerTexts, stackTexts } from '../view/stack.js';
import { cleanLine } from '../view/text.js';

/** The lines of one event; none for events that are only of use live. */
export function plainLines(event: HotmodEvent, glyphs: Glyphs): readonly Line[] {
  return linesOf(event, glyphs).map((line) =>
    line.map((segment) => seg(cleanLine(segment.text, glyphs.unicode), segment.style)),
  );
}

function linesOf(event: HotmodEvent, glyphs: Glyphs): readonly Line[] {
  switch (event.type) {
    case 'session:start':
      return [
        own(`${event.version}, target ${targetText(event)}, pid ${event.pid}, log ${event.logFile}`),
        own(`${plural(event.modules.length, 'module')}: ${firstNames(event.modules) || 'none yet'}`),
      ];
    case 'session:end':
      return [own(`session ended: ${event.reason}`)];
    case 'session:problem':
      return [own(`problem ${event.code}: ${about(event.module)}${event.message}`, 'bad')];
    case 'config:applied':
      return [own(`config ${event.file} applied${event.changed.length > 0 ? `: ${event.changed.join(', ')}` : ''}`)];
    case 'config:rejected':
      return [
        own(`config ${event.file} not applied, the settings before it stay: ${event.code} ${event.message}`, 'bad'),
      ];
    case 'module:added':
    case 'module:removed':
      return [own(`module ${event.module} ${event.type === 'module:added' ? 'added' : 'removed'}`)];
    case 'module:restarted':
      return [own(`${event.code === undefined ? '' : `${event.code} `}${event.module}: ${event.message}`)];
    case 'recovery:statistics':
      return [own(`crashes: ${recoveryText(event)}`)];
    case 'module:pinned':
      return [own(`${event.module} is pinned: it stays at generation ${event.generation}, whatever is saved`)];
    case 'module:unpinned':
      return [own(`${event.module} is not pinned any more: it goes with its source`)];
    case 'image:kept':
      return event.again || isAsItMust(event) ? [] : [own(`${event.code} ${event.message}`, 'dim')];
    case 'journal:interrupted':
      return [own(event.message, 'warn')];
    case 'watch:change':
      return [own(`changed ${event.files.join(', ')}: ${firstNames(event.modules) || 'no module'}`, 'dim')];
    case 'build:start':
      return [own(`build begin ${event.module}`, 'dim')];
    case 'build:diagnostic':
      return diagnosticLines(event).map((text, index) => [seg(text, index === 0 ? severityStyle(event) : 'plain')]);
    case 'build:done':
      return [own(buildEnd(event), event.ok || event.superseded ? 'dim' : 'bad')];
    case 'validate:done':
      return event.ok
        ? []
        : [own(`${event.module} is not a loadable module`, 'bad'), ...findings(event.findings, glyphs)];
    case 'assess:done':
      return verdict(event, glyphs);
    case 'conflict':
      return [own(`conflict ${event.module}: ${event.code} ${event.text}`, 'warn')];
    case 'reload:deferred':
      return [own(`${event.module} waits with its reload: ${event.reasons.join('; ')}`, 'warn')];
    case 'reload:done':
      return reload(event, glyphs);
    case 'module:current':
      return [own(`${event.module} is as its source is: generation ${event.generation} runs on`, 'dim')];
    case 'host:up':
      return [
        own(`host up, pid ${event.pid}${event.restarts > 0 ? `, ${plural(event.restarts, 'restart')}` : ''}`, 'dim'),
      ];
    case 'target:judged':
      return judged(event, glyphs);
    case 'emulator:fault':
      return [own(`${event.code} ${event.message}`, 'warn')];
    case 'host:crash':
      return crashLines(event);
    case 'host:output':
      return [[seg(outputPrefix(event), 'accent'), seg(event.text)]];
    default:
      return [];
  }
}

/** What became of many modules: `1,000 modules: 998 reloaded, 2 build failed`. */
export function summaryLine(total: number, counts: ReadonlyMap<Outcome, number>): Line {
  const parts = [...counts].map(([outcome, count]) => `${formatCount(count)} ${failureWord(outcome)}`);
  const good = [...counts.keys()].every((outcome) => outcome === 'loaded' || outcome === 'reloaded');
  return own(`${plural(total, 'module')}: ${parts.join(', ')}`, good ? 'good' : 'bad');
}

const mostNames = 20;

/** Names of a line that is to be read; of hundreds the first ones, and how many more there are. */
function firstNames(names: readonly string[]): string {
  const more = names.length - mostNames;
  return more <= 0 ? names.join(', ') : `${names.slice(0, mostNames).join(', ')} and ${formatCount(more)} more`;
}

/** Nobody can do anything about these, and each crash and each reload of some C++ modules has one. */
function isAsItMust({ blocker }: EventOf<'image:kept'>): boolean {
  return blocker === 'crash' || blocker === 'destructors' || blocker === 'unknown';
}

function judged(event: EventOf<'target:judged'>, glyphs: Glyphs): readonly Line[] {
  const { target, module, outcome, level, reasons, differences } = event;
  const word = outcome === 'good' ? verdictMark(level, glyphs) : outcome === 'refused' ? 'refused' : 'build failed';
  const style = outcome === 'good' ? levelStyle[level] : 'bad';
  const shown = level === 'SAFE' && outcome === 'good' ? [] : findings(reasons, glyphs);
  const differ = differences.map((text) => own(`  differs: ${text}`, 'warn'));
  return [own(`${module} for ${target}: ${word}`, style), ...shown, ...differ];
}

function targetText({ target, otherTargets = [], emulator }: EventOf<'session:start'>): string {
  if (otherTargets.length > 0) return `${target} (judged for ${otherTargets.join(', ')} too)`;
  return emulator === undefined ? target : `${target}, emulated by ${emulator} (its times say nothing of the target)`;
}

function own(text: string, style: Style = 'plain'): Line {
  return [seg('[hotmod] ', 'dim'), seg(text, style)];
}

/** `[traffic] ` before what a module prints, `[traffic stderr] ` where it went to stderr; `host` for the host itself. */
function outputPrefix(event: EventOf<'host:output'>): string {
  const who = event.module === '' ? 'host' : event.module;
  return event.stream === 'stderr' ? `[${who} stderr] ` : `[${who}] `;
}

function about(module: string | undefined): string {
  return module === undefined || module === '' ? '' : `${module}: `;
}

function severityStyle(event: EventOf<'build:diagnostic'>): Style {
  if (event.severity === 'error') return 'bad';
  return event.severity === 'warning' ? 'warn' : 'plain';
}

/** The word after the module is one of `ok`, `cached`, `failed`, `superseded`. */
function buildEnd(event: EventOf<'build:done'>): string {
  const ended = event.ok ? (event.cached ? 'cached' : 'ok') : 'failed';
  const counts = [
    ...(event.errors > 0 ? [plural(event.errors, 'error')] : []),
    ...(event.warnings > 0 ? [plural(event.warnings, 'warning')] : []),
  ];
  const word = event.superseded ? 'superseded' : ended;
  return [
    'build end',
    event.module,
    word,
    ...(counts.length > 0 ? [counts.join(', ')] : []),
    `in ${formatMs(event.durationMs)}`,
    ...(event.fallbacks ?? []).map((reason) => `(plain command used: ${reason})`),
  ].join(' ');
}

function verdict(event: EventOf<'assess:done'>, glyphs: Glyphs): readonly Line[] {
  const affected = event.affected.length > 0 ? `, affects ${event.affected.join(', ')}` : '';
  return [
    [
      seg('[hotmod] ', 'dim'),
      seg(`verdict ${event.module}: `),
      seg(verdictMark(event.level, glyphs), levelStyle[event.level]),
      seg(affected),
    ],
    ...event.reasons.flatMap((reason) => reasonLines(reason, glyphs)),
  ];
}

function reasonLines(reason: Reason, glyphs: Glyphs): readonly Line[] {
  const where = reason.where === '' ? '' : ` (${reason.where})`;
  const advice =
    reason.recommendation === '' || reason.level === 'SAFE'
      ? []
      : [own(`    ${glyphs.arrow} ${reason.recommendation}`, 'dim')];
  return [own(`  ${levelGlyph(reason.level, glyphs)} ${reason.code} ${reason.message}${where}`), ...advice];
}

function findings(list: readonly Finding[], glyphs: Glyphs): readonly Line[] {
  return list.flatMap(({ code, message, recommendation = '', crash: place }) => [
    own(`  ${code} ${message}`),
    ...(place === undefined ? [] : placeLine(place.file, place.line, message)),
    ...(place === undefined ? [] : stackTexts(place).map((text) => own(`    ${text}`))),
    ...(recommendation === '' ? [] : [own(`    ${glyphs.arrow} ${recommendation}`, 'dim')]),
  ]);
}

/** Reasons stand with the verdict already; here they are repeated where the reload did not come about. */
function reload(event: EventOf<'reload:done'>, glyphs: Glyphs): readonly Line[] {
  const ran = event.outcome === 'loaded' || event.outcome === 'reloaded';
  const phases = formatPhases(event.timings);
  const state = formatState(event.state);
  const generation = event.generation > 0 ? ` generation ${event.generation}` : '';
  const level = event.outcome === 'buildFailed' ? '' : ` ${event.level}`;
  const line: Line = [
    seg('[hotmod] ', 'dim'),
    seg(`reload ${event.module}${generation}: `),
    seg(
      `${ran ? glyphs.good : glyphs.bad} ${failureWord(event.outcome)}${level}`,
      ran ? levelStyle[event.level] : 'bad',
    ),
    seg(` in ${formatMs(event.timings.total ?? event.durationMs)}`),
    seg(phases === '' ? '' : ` (${phases})`, 'dim'),
    seg(state === '' || !ran ? '' : `, state ${state}`),
    seg(!ran && event.from > 0 ? `, generation ${event.from} runs on` : ''),
  ];
  const decided = (event.conflicts ?? []).map((conflict) => own(`  conflict ${formatConflict(conflict)}`, 'warn'));
  if (ran) return [line, ...decided, ...older(event)];
  // The compiler's own messages stand above already, and each says where.
  const advised =
    event.outcome === 'buildFailed' ? event.reasons.map(({ code, message }) => ({ code, message })) : event.reasons;
  return [line, ...decided, ...findings(advised, glyphs)];
}

/** What runs is what is on disk, unless somebody asked for something else: then that is said. */
function older({ module, restores = 0, sourceNewer = false }: EventOf<'reload:done'>): readonly Line[] {
  if (restores === 0) return [];
  const until = sourceNewer ? '; the source is newer, and its next change is taken again' : '';
  return [own(`${module} runs generation ${restores} again${until}`, sourceNewer ? 'warn' : 'plain')];
}

/** The place as a compiler says it, so that editors jump there, then what happened, then the calls that led to it. */
function crashLines(event: EventOf<'host:crash'>): readonly Line[] {
  const { module, generation, signal, file, line, function: name } = event;
  const what = `${module} generation ${generation} ${crashWord(signal)} (${signal}) in ${name}`;
  const place = placeLine(file, line, what);
  const details = [...stackTexts(event), ...registerTexts(event)];
  return [...place, own(crash(event), 'bad'), ...details.map((text) => own(`  ${text}`))];
}

/** In the form of a compiler's message, which has a column; none where the place is not known. */
function placeLine(file: string, line: number, text: string): readonly Line[] {
  return file === '' || line === 0 ? [] : [[seg(`${file}:${line}:1: error: ${text}`, 'bad')]];
}

function crash(event: EventOf<'host:crash'>): string {
  const place = event.file === '' ? '' : ` at ${event.file}${event.line > 0 ? `:${event.line}` : ''}`;
  const where = event.function === '' ? place : ` in ${event.function}${place}`;
  const who = event.module === '' ? 'the host' : `${event.module} generation ${event.generation}`;
  const address = event.address === '' ? '' : ` at address ${event.address}`;
  const host = event.fatal ? '; the host is gone' : '';
  return `crash ${event.code}: ${who} ${crashWord(event.signal)} (${event.signal}${address})${where}${host}: ${event.message}`;
}
