import type { CallAnswer, CallRequest, CallReturn, ReadRequest, ReadResult } from './host.js';
import { signalName } from './signals.js';

/**
 * Requests and answers of engine/node_read.c: words of 64 bits in the machine's order, which is little-endian on every
 * machine that modules can be built for, and raw bytes behind them.
 */

const wordBytes = 8;
const functionNameBytes = 128;
const callHeadBytes = 4 * wordBytes + functionNameBytes;

export function encodeRead({ ranges }: ReadRequest): Buffer {
  const words = ranges.flatMap(({ from, address, size }) => [from === 'image' ? 1n : 0n, address, BigInt(size)]);
  return encode([BigInt(ranges.length), ...words], []);
}

export function decodeRead({ ranges }: ReadRequest, answer: Buffer): ReadResult {
  let at = (3 + ranges.length) * wordBytes;
  const bytes = ranges.map(({ size }, index) => {
    const start = at;
    at += size;
    return word(answer, 3 + index) === 1n ? new Uint8Array(answer.subarray(start, at)) : null;
  });
  return { generation: Number(word(answer, 0)), base: word(answer, 1), frame: Number(word(answer, 2)), bytes };
}

const patchPlaces = { integers: 0n, stack: 1n, memory: 2n } as const;

export function encodeCall(request: CallRequest): Buffer {
  const { integers, floats, stack, memory, patches } = request;
  const lists = [integers, floats, stack].map((list) => BigInt(list.length));
  const returns = [BigInt(returnNumber(request.returns)), BigInt(resultBytes(request.returns))];
  const counts = [...lists, ...returns, BigInt(memory.length), BigInt(patches.length)];
  const sizes = memory.map((block) => BigInt(block.length));
  const places = patches.flatMap(({ into, index, block, inside }) => [
    patchPlaces[into],
    BigInt(index),
    BigInt(block),
    BigInt(inside ?? 0),
  ]);
  return encode([...counts, ...integers, ...floats, ...stack, ...sizes, ...places], memory);
}

export function decodeCall(request: CallRequest, answer: Buffer): CallAnswer {
  const problem = Number(word(answer, 0));
  if (problem !== 0) return { ok: false, ...describeProblem(problem, request, answer) };
  let at = callHeadBytes;
  const take = (size: number): Uint8Array => {
    const bytes = new Uint8Array(answer.subarray(at, at + size));
    at += size;
    return bytes;
  };
  const bytes = take(resultBytes(request.returns));
  const memory = request.memory.map((block) => take(block.length));
  return { ok: true, bytes, memory, durationMs: Number(word(answer, 3)) / 1e6 };
}

/** The problems of `call_problem_t` (engine/call.h) from 1 on. */
function describeProblem(problem: number, request: CallRequest, answer: Buffer): { code: string; message: string } {
  const { module, symbol } = request;
  switch (problem) {
    case 1:
      return { code: 'HM541', message: `"${module}" does not run, so nothing in it can be called.` };
    case 2:
      return { code: 'HM540', message: `The running version of "${module}" exports no function "${symbol}".` };
    case 3:
      return { code: 'HM542', message: describeCrash(request, answer) };
    case 4:
      return { code: 'HM544', message: `There is not enough memory to call ${symbol} of "${module}".` };
    default:
      throw new Error(`The engine did not understand the call of ${symbol}.`);
  }
}

function describeCrash({ module, symbol }: CallRequest, answer: Buffer): string {
  const signal = signalName(Number(word(answer, 1)));
  const address = word(answer, 2);
  const name = answer.subarray(4 * wordBytes, callHeadBytes).toString('utf8');
  const inside = name.slice(0, name.indexOf('\0'));
  const where = inside === '' || inside === symbol ? '' : ` in ${inside}`;
  const place = address === 0n ? '' : ` at address 0x${address.toString(16)}`;
  return `${symbol} of "${module}" crashed with ${signal}${where}${place}. The module was taken out of the frame loop.`;
}

/** The values of `call_returns_t` (engine/call.h). */
function returnNumber(returns: CallReturn): number {
  if (returns.in === 'nothing') return 0;
  if (returns.in === 'memory') return 9;
  const shape = returns.kinds.map((kind) => (kind === 'integer' ? 'i' : 'f')).join('');
  const known = ['', 'i', 'f', 'ii', 'if', 'fi', 'ff', 'fff', 'ffff'].indexOf(shape);
  if (known < 0) throw new Error(`No result comes back in the registers "${shape}".`);
  return known;
}

function resultBytes(returns: CallReturn): number {
  if (returns.in === 'nothing') return 0;
  return returns.in === 'memory' ? returns.size : returns.kinds.length * wordBytes;
}

function encode(words: readonly bigint[], blocks: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(words.length * wordBytes);
  for (const [index, value] of words.entries()) head.writeBigUInt64LE(BigInt.asUintN(64, value), index * wordBytes);
  return Buffer.concat([head, ...blocks]);
}

function word(answer: Buffer, index: number): bigint {
  return answer.readBigUInt64LE(index * wordBytes);
}
