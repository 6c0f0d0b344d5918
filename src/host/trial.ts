import { commitSteps, describeFailure, type Failure, problemNames } from './failures.js';
import type { TrialSide } from './host.js';

/** In the order of `trial_outcome_t` (engine/trial.h). */
const outcomes = ['unfinished', 'done', 'notSwitched', 'crashed', 'tooLong'] as const;

/** Of `trial_header_t`: nine words, room for four segments of two words each, and what went wrong. */
const segmentsAt = 9 * 8;
const mostSegments = 4;
const failureAt = segmentsAt + mostSegments * 16;
/** Five words, and the texts. */
const texts = { module: [40, 128], call: [168, 32], text: [200, 1024] } as const;
const headerBytes = failureAt + 40 + 128 + 32 + 1024;

/** Reads the file that one copy of the process wrote (engine/trial.h), in the order of bytes of this machine's kind. */
export function readTrial(bytes: Uint8Array): TrialSide {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => Number(view.getBigUint64(at, true));
  const [asked, frames, frameNs, room, done] = [8, 16, 24, 32, 40].map(word) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const segments = Array.from({ length: word(64) }, (_, n) => ({
    address: word(segmentsAt + n * 16),
    size: word(segmentsAt + n * 16 + 8),
  }));
  const outcome = outcomes[word(0)] ?? 'unfinished';
  const failed = outcome === 'notSwitched' || outcome === 'crashed';
  let at = headerBytes + (asked + room) * 8;
  const looks = Array.from({ length: done }, (_, n) => ({
    frame: word(headerBytes + (asked + n) * 8),
    segments: segments.map(({ address, size }) => {
      const start = at;
      at += size;
      return { address, bytes: bytes.slice(start, start + size) };
    }),
  }));
  return {
    outcome,
    frames,
    frameMs: frames === 0 ? 0 : frameNs / frames / 1e6,
    updateUs: Array.from({ length: frames }, (_, n) => word(headerBytes + n * 8) / 1000),
    looks,
    loadBase: view.getBigUint64(48, true),
    problem: failed ? describeFailure(readFailure(view, bytes)).message : '',
  };
}

function readFailure(view: DataView, bytes: Uint8Array): Failure {
  const int = (n: number): number => Number(view.getBigInt64(failureAt + n * 8, true));
  const text = ([from, size]: readonly [number, number]): string => {
    const field = bytes.subarray(failureAt + from, failureAt + from + size);
    const end = field.indexOf(0);
    return new TextDecoder().decode(field.subarray(0, end < 0 ? size : end));
  };
  return {
    problem: problemNames[int(0)] ?? 'noMemory',
    step: commitSteps[int(1)] ?? 'prepare_reload',
    value: int(2),
    signal: int(3),
    address: view.getBigUint64(failureAt + 32, true),
    module: text(texts.module),
    call: text(texts.call),
    text: text(texts.text),
  };
}
