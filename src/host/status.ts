import { closeSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { decodeStack, type RawStack, rawStackBytes } from './stack.js';

/** What one thread of the engine is doing, or was doing when the process died. */
export interface StatusLane {
  /** Odd while a module is being called; changes with every call. */
  readonly sequence: bigint;
  readonly busy: boolean;
  readonly module: string;
  readonly generation: number;
  readonly call: string;
  readonly frames: number;
}

/** How the engine saw the process end; `running` where it saw nothing. */
export interface StatusEnd extends Omit<StatusLane, 'sequence' | 'busy'> {
  readonly how: 'running' | 'exit' | 'signal';
  readonly signal: number;
  readonly address: bigint;
  readonly stack: RawStack;
}

export interface EngineStatus {
  readonly frame: number;
  readonly lanes: readonly StatusLane[];
  readonly end: StatusEnd;
  /** Number of the signal that has a call that does not return written down with its stack; 0 where there is none. */
  readonly question: number;
  /** The answer: the stack of the call with this sequence number; 0n where nothing was asked. */
  readonly hang: { readonly sequence: bigint; readonly stack: RawStack };
}

export interface StatusFile extends Disposable {
  /**
   * The sequence number of each lane and nothing else: decoding the whole file takes longer than a frame of the program does,
   * and this is asked several times a second as long as the session lives. Null as with `read`.
   */
  sequences(): readonly bigint[] | null;
  /** Null where the file is not the engine's, or not complete yet. */
  read(): EngineStatus | null;
}

// The layout of `status_file_t` (engine/status.c), offsets in bytes.
const magic = 0x54534d48;
const abi = 3;
const nameBytes = 128;
const callBytes = 32;
const lanesAt = 16;
const laneBytes = 24 + nameBytes + callBytes;
const laneCount = 2;
const endAt = lanesAt + laneCount * laneBytes;
const questionAt = endAt + 32 + nameBytes + callBytes;
const hangAt = questionAt + 8;
const endStackAt = hangAt + 8 + rawStackBytes;
const fileBytes = endStackAt + rawStackBytes;
const littleEndian = endianness() === 'LE';

/**
 * Opens the file that the engine writes by mapping it. Kept open, it can still be read when the process has died and
 * the file has been removed.
 */
export function openStatusFile(path: string): StatusFile {
  const descriptor = openSync(path, 'r');
  const bytes = new Uint8Array(fileBytes);
  const view = new DataView(bytes.buffer);
  const load = (size: number): boolean =>
    readSync(descriptor, bytes, 0, size, 0) === size &&
    view.getUint32(0, littleEndian) === magic &&
    view.getUint32(4, littleEndian) === abi;
  return {
    sequences() {
      if (!load(endAt)) return null;
      return Array.from({ length: laneCount }, (_, n) => view.getBigUint64(lanesAt + n * laneBytes, littleEndian));
    },
    read() {
      if (!load(fileBytes)) return null;
      return {
        frame: Number(view.getBigUint64(8, littleEndian)),
        lanes: Array.from({ length: laneCount }, (_, index) => readLane(view, lanesAt + index * laneBytes)),
        end: readEnd(view),
        question: view.getUint32(questionAt, littleEndian),
        hang: {
          sequence: view.getBigUint64(hangAt, littleEndian),
          stack: decodeStack(view, hangAt + 8, littleEndian),
        },
      };
    },
    [Symbol.dispose]() {
      closeSync(descriptor);
    },
  };
}

/** Odd numbers are calls, even ones the time between two. */
export function isBusy(sequence: bigint): boolean {
  return sequence % 2n === 1n;
}

function readLane(view: DataView, at: number): StatusLane {
  const sequence = view.getBigUint64(at, littleEndian);
  return {
    sequence,
    busy: isBusy(sequence),
    frames: Number(view.getBigUint64(at + 8, littleEndian)),
    generation: view.getUint32(at + 16, littleEndian),
    module: readText(view, at + 24, nameBytes),
    call: readText(view, at + 24 + nameBytes, callBytes),
  };
}

function readEnd(view: DataView): StatusEnd {
  const how = view.getUint32(endAt, littleEndian);
  return {
    how: how === 1 ? 'exit' : how === 2 ? 'signal' : 'running',
    signal: view.getUint32(endAt + 4, littleEndian),
    address: view.getBigUint64(endAt + 8, littleEndian),
    frames: Number(view.getBigUint64(endAt + 16, littleEndian)),
    generation: view.getUint32(endAt + 24, littleEndian),
    module: readText(view, endAt + 32, nameBytes),
    call: readText(view, endAt + 32 + nameBytes, callBytes),
    stack: decodeStack(view, endStackAt, littleEndian),
  };
}

function readText(view: DataView, at: number, size: number): string {
  const text = Buffer.from(view.buffer, at, size);
  const end = text.indexOf(0);
  return text.toString('utf8', 0, end === -1 ? size : end);
}
