import { test } from 'vitest';
import { cacheDir } from '../../src/config/cache-dir.js';
import { HotmodError } from '../../src/errors.js';
import { type Target, targets } from '../../src/target/targets.js';
import { findHostProgram } from '../../src/toolchain/host-program.js';

/** Where `hotmod doctor --fix` has put the parts of an emulated host. */
export const emulatedCacheDir = cacheDir(process.env);

export const arm64: Target = targets().get('linux-arm64') ?? noTarget();

/** An emulated host takes seconds to start, and many of them at once take longer. */
const timeoutMs = 300_000;

const reason = await reasonToSkip();

/** `test` for modules of ARM64: emulated where this is another machine, and skipped by name where it cannot be. */
export function testOnArm64(name: string, run: () => Promise<void>): void {
  test.skipIf(reason !== '')(name + reason, run, timeoutMs);
}

async function reasonToSkip(): Promise<string> {
  try {
    await findHostProgram({ target: arm64, env: process.env, cacheDir: emulatedCacheDir });
    return '';
  } catch (error) {
    if (!(error instanceof HotmodError)) throw error;
    return ` (skipped: ${error.message} ${error.hint})`;
  }
}

function noTarget(): never {
  throw new Error('linux-arm64 is a target');
}
