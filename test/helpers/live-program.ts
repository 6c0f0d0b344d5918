import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { Json } from '../../src/events/json.js';
import { readStateModel } from '../../src/state/model.js';
import type { StateModel } from '../../src/state/types.js';
import { decode } from '../../src/values/decode.js';
import { typeFinder } from '../../src/values/find-type.js';
import { FetchedMemory } from '../../src/values/memory.js';
import { resolvePath } from '../../src/values/resolve.js';
import type { Decoding } from '../../src/values/types.js';
import { elfWorkspace } from './elf-workspace.js';

/** A program that has run its `main` up to the end and stands still, its memory within reach. */
export interface LiveProgram extends AsyncDisposable {
  readonly model: StateModel;
  /** The value at a path, read in as many rounds as it takes. */
  value(path: string, options?: Partial<Decoding>): Promise<Json>;
  /** How many times memory was read for the last value. */
  rounds(): number;
}

/** The source has `void fill(void)`, which is called; the program then says so and waits. */
const main = `
#include <stdio.h>
int main(void) { fill(); puts("ready"); fflush(stdout); return getchar() == 0; }
`;

const mostRounds = 40;

export async function liveProgram(source: string, cpp = false): Promise<LiveProgram> {
  await using workspace = await elfWorkspace();
  const file = await workspace.build('program', source + main, {
    compiler: cpp ? 'clang++' : 'clang',
    source: cpp ? 'program.cpp' : 'program.c',
    kind: ['-g', '-no-pie', '-w', ...(cpp ? ['-std=c++17', '-fstandalone-debug'] : [])],
    args: cpp ? [] : ['-lm'],
  });
  const model = readStateModel(await readFile(file), { sourceLine: () => null });
  const child = spawn(file, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const memory = await open(`/proc/${child.pid}/mem`, 'r');
  let rounds = 0;

  return {
    model,
    rounds: () => rounds,
    async value(path, options = {}) {
      const place = resolvePath(model, path);
      let address = BigInt(place.address);
      for (const hop of place.hops) {
        const pointer = await readMemory(memory, address, 8);
        if (pointer === null) throw new Error(`${path} leads to nothing`);
        address = new DataView(pointer.buffer).getBigUint64(0, true) + BigInt(hop);
      }
      const bytes = await readMemory(memory, address, place.size);
      if (bytes === null) throw new Error(`${path} cannot be read`);
      const fetched = new FetchedMemory();
      const findType = model.debug === null ? () => null : typeFinder(model.debug);
      const decoding = { elements: 64, follow: 0, memory: fetched, findType, ...options };
      for (rounds = 1; rounds < mostRounds; rounds++) {
        const value = decode(place.type, bytes, decoding, place.bits);
        const wanted = fetched.takeWanted();
        if (wanted.length === 0) return value;
        for (const range of wanted) fetched.add(range, await readMemory(memory, range.address, range.size));
      }
      throw new Error(`${path} was not read after ${mostRounds} rounds`);
    },
    async [Symbol.asyncDispose]() {
      await memory.close();
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

async function readMemory(memory: FileHandle, address: bigint, size: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(size);
  try {
    const { bytesRead } = await memory.read(bytes, 0, size, address);
    return bytesRead === size ? bytes : null;
  } catch {
    return null;
  }
}
