import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineSourceDir } from '../../src/host/paths.js';
import { tempDir } from '../helpers/temp-dir.js';

const run = promisify(execFile);
const driverSource = new URL('plan-driver.c', import.meta.url).pathname;
const planSources = ['plan.c', 'plan_address.c', 'plan_convert.c', 'plan_fix.c', 'plan_run.c'];
const sanitizers = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];

let dir: Awaited<ReturnType<typeof tempDir>>;
beforeAll(async () => {
  dir = await tempDir();
  await Promise.all([
    build('clang', 'checked', sanitizers),
    build('clang', 'fast', ['-O2']),
    build('gcc', 'gcc', ['-O2']),
  ]);
});
afterAll(async () => dir[Symbol.asyncDispose]());

/** The plan and its driver without the rest of the engine. */
async function build(compiler: string, name: string, flags: readonly string[]): Promise<void> {
  const sources = [driverSource, ...planSources.map((file) => join(engineSourceDir, file))];
  const common = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', `-I${engineSourceDir}`];
  await run(compiler, [...common, ...flags, ...sources, '-lm', '-o', join(dir.path, name)]);
}

/** Rejects, with what was expected, where one expectation failed or a sanitizer stopped the driver. */
async function drive(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(join(dir.path, program), args);
  return stdout;
}

test.each([
  ['copies', 'a copy writes its bytes and not one more'],
  ['loops', 'a loop in a loop carries every element of an array of structs whose fields moved'],
  ['integers', 'an integer of any width at any bit becomes any other, or the nearest that fits and is counted'],
  ['floats', 'a floating-point number loses precision unseen, and is counted where it loses its value'],
  ['truth', 'a truth value becomes a number and the other way round'],
  [
    'enumerations',
    'a value of an enumeration becomes its new one, and an unknown one is counted where it must be known',
  ],
  ['dropped', 'bytes that are dropped are counted where one of them is not zero'],
  ['initial', 'a variable that nobody changed takes the new initial value, in the snapshot and behind it'],
  ['pointers', 'a pointer leads where its object went, stays with constants, or is counted and becomes NULL'],
  ['end', 'a pointer to right behind the image counts as the end of an array only where its class says so'],
  ['words', 'words that may hold anything are re-pointed where they lead to a known place and copied otherwise'],
  ['heap', 'what points back from the heap is repaired, and on the way back only where nobody changed it'],
  ['refusals', 'bytes that are no plan, or one of larger images, or one without an end, are refused'],
])('%s: %s', async (group) => {
  for (const program of ['checked', 'gcc'])
    expect(await drive(program, group)).toMatch(/[1-9]\d* expectations, 0 failed/);
});

test('a damaged plan is refused or carried out inside the images, and never crashes the host', async () => {
  const seed = 1 + 2 * Math.floor(Math.random() * 1e9);
  const said = await drive('checked', 'damaged', '100000', `${seed}`).catch((error: unknown) => {
    throw new Error(`seed ${seed}`, { cause: error });
  });
  expect(said).toMatch(/[1-9]\d* taken/);
});

test('how long plans take is printed, not judged', async () => {
  const said = await drive('fast', 'speed');
  expect(said).toMatch(/1 MB copied .* us/);
  process.stdout.write(said);
});
