import type { DebugFunction, DebugType, RecordType } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { typeName } from '../layout/type-name.js';
import { classify } from './classify.js';
import { misfit, notCallable, PassingError, ValueError } from './errors.js';
import { literalFromJson } from './json.js';
import { parseLiteral } from './literal.js';
import { isSigned } from './numbers.js';
import type { Blocks } from './objects.js';
import { type Places, place, roomOf } from './place.js';
import { planResult } from './result.js';
import { signatureOf } from './signature.js';
import type { CallTarget, CallWords, Convention, Literal, MemoryPatch, PlannedCall } from './types.js';
import { objectOf } from './write-value.js';

export interface CallOptions {
  readonly convention: Convention;
  /** All functions of the library: those that belong to a class tell whether its objects can be copied as bytes. */
  readonly functions?: readonly DebugFunction[];
}

/**
 * Sorts arguments, as a user types them, into the registers and stack words that the function expects.
 *
 * @throws HotmodError HM543 where they do not fit the parameters, with the signature and the argument it is about; HM544
 * where the function takes or gives what cannot be passed.
 */
export function planCall(fn: DebugFunction, args: readonly string[], options: CallOptions): PlannedCall {
  return plan(fn, args, parseLiteral, options);
}

/** The same with arguments as JSON has them. */
export function planCallFromJson(fn: DebugFunction, args: readonly unknown[], options: CallOptions): PlannedCall {
  return plan(fn, args, literalFromJson, options);
}

function plan<T>(
  fn: DebugFunction,
  args: readonly T[],
  read: (argument: T) => Literal,
  options: CallOptions,
): PlannedCall {
  const signature = signatureOf(fn);
  const { convention } = options;
  refusing(signature, 'it', 'takes or gives', () => checkCallable(fn, options));
  const { words: returns, result } = refusing(signature, 'its result', 'is or holds', () =>
    planResult(fn.type.returns, convention),
  );
  const { parameters } = fn.type;
  if (args.length !== parameters.length) {
    throw misfit(signature, `it takes ${count(parameters.length, 'argument')}, and ${args.length} were given.`);
  }
  const blocks: Blocks = [];
  const targets: CallTarget[] = [];
  const places: Places = { integers: [], floats: [], stack: [], patches: [] };
  const room = roomOf(convention, returns.in === 'memory');
  for (const [argument, given] of args.entries()) {
    const type = parameters[argument] ?? { kind: 'void' };
    const name = fn.parameterNames[argument] ?? '';
    refusing(signature, `argument ${argument + 1}${name === '' ? '' : ` (${name})`}`, 'is or holds', () => {
      const passing = classify(type, convention);
      const { object, pointee } = objectOf(type, read(given), blocks);
      if (pointee !== null) targets.push({ argument, name, ...pointee });
      place({ object, passing, signed: extendsSign(type) }, places, room, blocks, convention);
    });
  }
  return { words: wordsOf(fn, places, blocks, returns), signature, result, targets };
}

function wordsOf(fn: DebugFunction, places: Places, blocks: Blocks, returns: CallWords['returns']): CallWords {
  const nested = blocks.flatMap(({ pointers }, inside) =>
    pointers.map(({ offset, block }): MemoryPatch => ({ into: 'memory', index: offset, block, inside })),
  );
  return {
    symbol: fn.linkageName ?? fn.name,
    integers: places.integers,
    floats: places.floats,
    stack: places.stack,
    memory: blocks.map((block) => block.bytes),
    patches: [...places.patches, ...nested],
    returns,
  };
}

/** Everything but the types of single parameters. */
function checkCallable(fn: DebugFunction, { functions = [] }: CallOptions): void {
  const { type } = fn;
  if (type.variadic) throw new PassingError('variable arguments (...), whose types nobody knows');
  if (!fn.prototyped && type.parameters.some((one) => isSmallFloat(one))) {
    // C11 6.5.2.2: without a prototype a float travels as a double.
    throw new PassingError('float parameters of a function without a prototype');
  }
  for (const one of [type.returns, ...type.parameters]) {
    const record = strip(one);
    if (record.kind === 'record' && functions.some((other) => copiesOrDestroys(other, record))) {
      throw new PassingError(`${typeName(one)} by value, a class with a destructor or a copy constructor of its own`);
    }
  }
}

/** A destructor, or a constructor from another object of the class (Itanium C++ ABI, section 3.1.1). */
function copiesOrDestroys(fn: DebugFunction, record: RecordType): boolean {
  const scope = [...record.scope, record.name ?? ''];
  if (fn.scope.length !== scope.length || fn.scope.some((one, n) => one !== scope[n])) return false;
  if (fn.name === `~${record.name}`) return true;
  const [, from] = fn.type.parameters;
  if (fn.name !== record.name || from === undefined) return false;
  const source = strip(from);
  if (source.kind !== 'pointer' || source.form === 'pointer') return false;
  const target = strip(source.target);
  return target.kind === 'record' && target.name === record.name;
}

function isSmallFloat(type: DebugType): boolean {
  const plain = strip(type);
  return plain.kind === 'base' && plain.encoding === 'float' && plain.size < 8;
}

function extendsSign(type: DebugType): boolean {
  const plain = strip(type);
  return (plain.kind === 'base' && isSigned(plain)) || (plain.kind === 'enum' && plain.signed);
}

/** Puts what was refused into a sentence with the signature. */
function refusing<T>(signature: string, part: string, verb: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    if (error instanceof ValueError) throw misfit(signature, `${part}: ${error.message}.`);
    if (error instanceof PassingError) throw notCallable(signature, `${part} ${verb} ${error.message}.`);
    throw error;
  }
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number === 0 ? 'no' : number} ${noun}s`;
}
