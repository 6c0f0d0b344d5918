import type { z } from 'zod';
import { exitCode, HotmodError } from '../errors.js';
import { didYouMean, nearest } from '../text/nearest.js';
import { expectedForm, keysAt, type Path, quoteValue, showPath, valueAt } from './form.js';
import { jsonSchemaOf } from './json-schema.js';

/** The codes of one kind of file. `module.json` has one code for everything, the config distinguishes. */
export interface ParseCodes {
  readonly unknownKey: string;
  readonly wrongValue: string;
}

export const configParseCodes: ParseCodes = { unknownKey: 'HM102', wrongValue: 'HM103' };
export const moduleParseCodes: ParseCodes = { unknownKey: 'HM104', wrongValue: 'HM104' };

/**
 * Checks a value against a schema. Of several mistakes the first is in the message and the others in the hint, so
 * that one run of an editor mends them all.
 *
 * @param where the file the value was read from, for the sentence.
 * @throws HotmodError with one of `codes`.
 */
export function parse<T>(schema: z.ZodType<T>, value: unknown, where: string, codes: ParseCodes): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const shape: unknown = jsonSchemaOf(schema);
  const problems = result.error.issues
    .flatMap((issue) => problemsOf(issue, []))
    .map((problem) => sentence(problem, shape, value, codes));
  const [first, ...others] = problems;
  if (first === undefined) throw result.error;
  const more = others.map((problem) => `\n  also: ${problem.message} ${problem.hint}`).join('');
  throw new HotmodError(first.code, `${where}: ${first.message}`, {
    hint: first.hint + more,
    exitCode: exitCode.usage,
  });
}

interface Problem {
  readonly path: Path;
  /** The key nobody knows, where that is the problem. */
  readonly unknownKey?: string;
  /** Text of a rule of ours, which says more than the form does, and what to do then. */
  readonly rule?: string;
  readonly hint?: string;
}

/** Takes a union apart: of its branches the one that came furthest is the one that was meant. */
function problemsOf(issue: z.core.$ZodIssue, base: Path): readonly Problem[] {
  const path = [...base, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((unknownKey) => ({ path, unknownKey }));
    case 'invalid_union': {
      const furthest = issue.errors.find((branch) => branch.some((inner) => inner.path.length > 0));
      return furthest === undefined ? [{ path }] : furthest.flatMap((inner) => problemsOf(inner, path));
    }
    case 'custom':
      return [{ path, rule: issue.message, hint: String(issue.params?.hint ?? 'Add the missing one.') }];
    default:
      return [{ path }];
  }
}

function sentence(problem: Problem, shape: unknown, root: unknown, codes: ParseCodes) {
  const { path, unknownKey, rule, hint = '' } = problem;
  if (unknownKey !== undefined) {
    const known = keysAt(shape, path, root);
    const key = showPath([...path, unknownKey]);
    const guess = nearest(unknownKey, known);
    const form =
      guess === undefined ? '' : ` "${showPath([...path, guess])}" is ${expectedForm(shape, [...path, guess], root)}`;
    return {
      code: codes.unknownKey,
      message: `Unknown key "${key}".${didYouMean(unknownKey, known)}`,
      hint: `${form.trim() === '' ? '' : `${form.trim()} `}The keys ${path.length === 0 ? 'here' : `of "${showPath(path)}"`} are: ${known.join(', ')}.`,
    };
  }
  const key = path.length === 0 ? 'The whole' : `"${showPath(path)}"`;
  const given = valueAt(root, path);
  if (rule !== undefined) return { code: codes.wrongValue, message: `${key}: ${rule}`, hint };
  return {
    code: codes.wrongValue,
    message:
      given === undefined && path.length > 0 ? `${key} is missing.` : `${key} has a wrong value: ${quoteValue(given)}.`,
    hint: `Expected: ${expectedForm(shape, path, root)}`,
  };
}
