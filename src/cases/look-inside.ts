import { HotmodError } from '../errors.js';
import type { Json } from '../report/cases/types.js';
import type { Session } from '../session.js';
import { compareValue } from '../values/compare.js';
import type { CaseStep, ModuleExpectation } from './schema.js';

export interface LookedInside {
  /** Live values of the module of the case, by path. */
  readonly state: Readonly<Record<string, Json>>;
  readonly wrong: readonly string[];
}

/** Reads the state and makes the calls that a step expects, of the module of the case and of others. */
export async function lookInside(
  session: Session | null,
  module: string,
  expected: CaseStep['expect'],
): Promise<LookedInside> {
  if (session === null || expected === undefined) return { state: {}, wrong: [] };
  const own = await lookAt(session, module, expected);
  const others: string[] = [];
  for (const [name, one] of Object.entries(expected.modules ?? {})) {
    others.push(...(await lookAt(session, name, one)).wrong);
  }
  return { state: own.state, wrong: [...own.wrong, ...others] };
}

async function lookAt(session: Session, module: string, expected: ModuleExpectation): Promise<LookedInside> {
  const state: Record<string, Json> = {};
  const wrong: string[] = [];
  for (const [path, value] of Object.entries(expected.state ?? {})) {
    const found = await valueAt(session, module, path);
    if ('error' in found) wrong.push(`${module}: ${found.error}`);
    else {
      state[path] = found.value;
      wrong.push(...compareValue(path, value, found.value));
    }
  }
  for (const call of expected.call ?? []) wrong.push(...(await makeCall(session, module, call)));
  return { state, wrong };
}

type Found = { readonly value: Json } | { readonly error: string };

/** Whole arrays: a case says every element that it expects. */
const elements = 100_000;

async function valueAt(session: Session, module: string, path: string): Promise<Found> {
  try {
    const { values } = await session.inspect({ module, path, elements, follow: 0 });
    return { value: values[0]?.value ?? null };
  } catch (error) {
    if (error instanceof HotmodError) return { error: error.message };
    throw error;
  }
}

async function makeCall(
  session: Session,
  module: string,
  expected: NonNullable<ModuleExpectation['call']>[number],
): Promise<readonly string[]> {
  const name = `${expected.fn}(${expected.args.map((one) => JSON.stringify(one)).join(', ')})`;
  try {
    const { value } = await session.call({ module, function: expected.fn, args: { json: expected.args } });
    if ('error' in expected) return [`${name}: expected the error ${expected.error}, got ${JSON.stringify(value)}.`];
    return compareValue(name, expected.returns, value);
  } catch (error) {
    if (!(error instanceof HotmodError)) throw error;
    if ('error' in expected && error.code === expected.error) return [];
    return [`${name}: ${error.message}`];
  }
}
