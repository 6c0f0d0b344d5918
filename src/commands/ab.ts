import { ask } from '../control/client.js';
import { type ControlRequest, socketPath, type Tried, type TriedSide } from '../control/protocol.js';
import { exitCode } from '../errors.js';
import { lineWriter } from '../report/writer.js';
import { cleanLine } from '../view/text.js';
import type { CommandIo } from './io.js';
import { loadProjectOf, noteEmulator, type ProjectOptions } from './project.js';

export interface AbOptions extends ProjectOptions {
  readonly module: string;
  /** Null for the generation that ran before. */
  readonly to: number | null;
  readonly frames: number;
  readonly json: boolean;
}

/**
 * `hotmod ab <module>`: what runs and another generation side by side, each in a copy of the program, and how they differ.
 *
 * @returns 0 where both ran to the end, 5 where one of them did not.
 */
export async function ab(options: AbOptions, io: CommandIo): Promise<number> {
  const { module, to, frames, json } = options;
  const config = await loadProjectOf([module], options, io);

  const request = { method: 'ab', module, to, frames } as const satisfies ControlRequest;
  const answer = await ask(socketPath(config.outDir), request);
  const { tried } = answer;
  if (tried === undefined) return answer.exitCode;
  const writer = lineWriter(io.stdout);
  for (const line of json ? [JSON.stringify(tried)] : textOf(tried)) writer.line(line);
  noteEmulator(config, io);
  return tried.a.outcome === 'done' && tried.b.outcome === 'done' ? exitCode.ok : exitCode.crashed;
}

/** A comparison of two large states has thousands of differences, and the first say what it is about. */
const shownDifferences = 20;

function textOf(tried: Tried): readonly string[] {
  const { module, frames, a, b, differences } = tried;
  const lines = [
    `${module}: generation ${a.generation}, which runs, and generation ${b.generation}; ${frames} frames each from the same state`,
    ...sideLines('a', a),
    ...sideLines('b', b),
    ...compareTimes(a, b),
  ];
  const promotion = `"hotmod rollback ${module} --to ${b.generation}" has generation ${b.generation} run.`;
  if (differences.length === 0) {
    return [...lines, `no difference in the state, looked at after ${tried.looks} of the frames`, promotion].map(plain);
  }
  const rows = differences
    .slice(0, shownDifferences)
    .map(({ path, frame, ...of }) => `  ${path}: a ${show(of.a)}, b ${show(of.b)} (seen first after frame ${frame})`);
  const rest = differences.length - rows.length;
  return [
    ...lines,
    `${differences.length} ${differences.length === 1 ? 'value differs' : 'values differ'} in the end:`,
    ...rows,
    ...(rest > 0 ? [`  ... and ${rest} more (--json lists all)`] : []),
    promotion,
  ].map(plain);
}

const plain = (line: string): string => cleanLine(line);

function sideLines(name: string, { generation, outcome, frames, problem, update }: TriedSide): readonly string[] {
  const fate = outcome === 'done' ? '' : `, ${words[outcome]} after ${frames} frames`;
  const times =
    update === null
      ? ''
      : `: update median ${us(update.median)} (95 % between ${us(update.low)} and ${us(update.high)}), p95 ${us(update.p95)}`;
  return [`  ${name} #${generation}${fate}${times}`, ...(problem === '' ? [] : [`    ${problem}`])];
}

const words: Readonly<Record<TriedSide['outcome'], string>> = {
  done: 'done',
  unfinished: 'ended its process',
  notSwitched: 'could not take over',
  crashed: 'crashed',
  tooLong: 'did not come to an end',
};

/** Only where the intervals do not overlap is one of them known to be faster. */
function compareTimes(a: TriedSide, b: TriedSide): readonly string[] {
  if (a.update === null || b.update === null) return [];
  const [low, high] = a.update.median <= b.update.median ? [a.update, b.update] : [b.update, a.update];
  if (high.low <= low.high) return ['  no difference in time that is sure'];
  const slower = low === a.update ? 'b' : 'a';
  const percent = low.median === 0 ? '' : ` by ${Math.round((high.median / low.median - 1) * 100)} %`;
  return [`  ${slower} is slower${percent}`];
}

function us(value: number): string {
  return `${value.toPrecision(3)} us`;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
