import type { ReportReader } from './report.js';

/** The calls that led to a fault as the engine captured them (`hot_stack_t`), the innermost first. */
export interface RawStack {
  readonly frames: readonly RawFrame[];
  /** Frames that are not among them: between the first `rawStackHead` and the others. */
  readonly leftOut: number;
  /** General-purpose registers at the fault by name; empty where they are not known. */
  readonly registers: Readonly<Record<string, bigint>>;
  /** Vector registers of 128 bits, and the words about floating point; empty where they are not known. */
  readonly vectors: Readonly<Record<string, bigint>>;
}

export interface RawFrame {
  /** In the process; where it is a return address, the call itself lies before it. */
  readonly pc: bigint;
  readonly isReturn: boolean;
  /** Found by searching the stack, not by following frame pointers. */
  readonly guessed: boolean;
  /** The module whose image holds it; '' where none does. */
  readonly module: string;
  readonly generation: number;
  /** The address in the library's file; 0n outside of modules. */
  readonly address: bigint;
  /** The library that holds it and the exported function before it, as the loader knows them; '' where unknown. */
  readonly library: string;
  readonly symbol: string;
}

/** `HOT_STACK_HEAD`: frames that are left out are missing behind this many. */
export const rawStackHead = 48;

export const noStack: RawStack = { frames: [], leftOut: 0, registers: {}, vectors: {} };

// The layout of `hot_stack_t` (engine/hotmod_engine.h), offsets in bytes.
const maxRegisters = 34;
const maxVectorWords = 66;
const maxFrames = 64;
const maxImages = 8;
const nameBytes = 128;
const registersAt = 24;
const vectorsAt = registersAt + maxRegisters * 8;
const framesAt = vectorsAt + maxVectorWords * 8;
const frameBytes = 16;
const imagesAt = framesAt + maxFrames * frameBytes;
const imageBytes = 16 + nameBytes;
export const rawStackBytes = imagesAt + maxImages * imageBytes;

const flag = { isReturn: 1, guessed: 2 } as const;

/** Follows put_stack in engine/node_api.c field by field. */
export function readStack(report: ReportReader): RawStack {
  const leftOut = report.number();
  const frames = Array.from({ length: report.number() }, () => readFrame(report));
  const values = Array.from({ length: report.number() }, () => report.bigint());
  const words = Array.from({ length: report.number() }, () => report.bigint());
  return { frames, leftOut, registers: named(values), vectors: namedVectors(words) };
}

function readFrame(report: ReportReader): RawFrame {
  const pc = report.bigint();
  const flags = report.number();
  const base = report.bigint();
  const generation = report.number();
  const module = report.text();
  return {
    pc,
    isReturn: (flags & flag.isReturn) !== 0,
    guessed: (flags & flag.guessed) !== 0,
    module,
    generation,
    address: module === '' ? 0n : pc - base,
    library: report.text(),
    symbol: report.text(),
  };
}

/** The same from the status file, where nothing is known of other libraries: the process may have ended. */
export function decodeStack(view: DataView, at: number, littleEndian: boolean): RawStack {
  const u32 = (offset: number): number => view.getUint32(at + offset, littleEndian);
  const u64 = (offset: number): bigint => view.getBigUint64(at + offset, littleEndian);
  const frames = Array.from({ length: Math.min(u32(0), maxFrames) }, (_, index): RawFrame => {
    const place = framesAt + index * frameBytes;
    const pc = u64(place);
    const flags = u32(place + 8);
    const image = u32(place + 12);
    const owner = image === 0 || image > maxImages ? null : imagesAt + (image - 1) * imageBytes;
    return {
      pc,
      isReturn: (flags & flag.isReturn) !== 0,
      guessed: (flags & flag.guessed) !== 0,
      module: owner === null ? '' : readText(view, at + owner + 16),
      generation: owner === null ? 0 : u32(owner + 8),
      address: owner === null ? 0n : pc - u64(owner),
      library: '',
      symbol: '',
    };
  });
  const registers = Array.from({ length: Math.min(u32(8), maxRegisters) }, (_, index) => u64(registersAt + index * 8));
  const words = Array.from({ length: Math.min(u32(12), maxVectorWords) }, (_, index) => u64(vectorsAt + index * 8));
  return { frames, leftOut: Number(u64(16)), registers: named(registers), vectors: namedVectors(words) };
}

function readText(view: DataView, at: number): string {
  const text = Buffer.from(view.buffer, view.byteOffset + at, nameBytes);
  const end = text.indexOf(0);
  return text.toString('utf8', 0, end === -1 ? nameBytes : end);
}

/** In the order of platform_copy_registers (engine/platform.h). */
const machines: readonly (readonly string[])[] = [
  'rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags'.split(' '),
  [...Array.from({ length: 31 }, (_, index) => `x${index}`), 'sp', 'pc', 'pstate'],
];

/** The number of registers tells the machine. */
function named(values: readonly bigint[]): RawStack['registers'] {
  const names = machines.find((one) => one.length === values.length) ?? [];
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? 0n]));
}

/** In the order of platform_copy_vectors (engine/platform.h): v0 to v31 as two words each, then fpsr and fpcr. */
function namedVectors(words: readonly bigint[]): RawStack['vectors'] {
  if (words.length !== maxVectorWords) return {};
  const word = (index: number): bigint => words[index] ?? 0n;
  const vectors = Array.from({ length: 32 }, (_, n) => [`v${n}`, (word(2 * n + 1) << 64n) | word(2 * n)] as const);
  return Object.fromEntries([...vectors, ['fpsr', word(64)], ['fpcr', word(65)]]);
}
