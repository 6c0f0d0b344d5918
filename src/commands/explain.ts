import { codes, findCode } from '../codes/index.js';
import { exitCode, HotmodError } from '../errors.js';
import { didYouMean } from '../text/nearest.js';
import type { CommandIo } from './io.js';

/** Prints what a code means and what to do about it; all codes with their titles where none is named. */
export function explain(code: string | undefined, io: CommandIo, json: boolean): number {
  if (code === undefined) {
    if (json) io.stdout.write(`${JSON.stringify(codes)}\n`);
    else for (const entry of codes) io.stdout.write(`${entry.code}  ${entry.title}\n`);
    return exitCode.ok;
  }
  const entry = findCode(code);
  if (entry === undefined) {
    const known = codes.map((one) => one.code);
    throw new HotmodError('HM109', `There is no code "${code}".${didYouMean(code.toUpperCase(), known)}`, {
      hint: 'Run "hotmod explain" without a code for the list of all.',
      exitCode: exitCode.usage,
    });
  }
  if (json) io.stdout.write(`${JSON.stringify(entry)}\n`);
  else io.stdout.write(`${entry.code}: ${entry.title}\n\n${entry.meaning}\n\n${entry.remedy}\n`);
  return exitCode.ok;
}
