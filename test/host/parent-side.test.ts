import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codes } from '../../src/codes/index.js';
import { buildEngine } from '../../src/host/engine-build.js';
import { describeFailure, type Failure } from '../../src/host/failures.js';
import { splitOutput } from '../../src/host/output.js';
import { noStack } from '../../src/host/stack.js';
import { findClang } from '../helpers/host-modules.js';

const mark = (module: string) => `\u001b]hotmod;${module}\u0007`;

test('marks are found wherever the stream is cut into chunks, and text is never lost', () => {
  const stream = Buffer.from(
    `plain é\n${mark('city')}one\r\ntwo${mark('')}${mark('road')}x\n${mark('')}${mark('city')} more\n${mark('')}\u001b]other;\u0007 end`,
  );
  for (let size = 1; size <= stream.length; size++) {
    const lines: string[] = [];
    const splitter = splitOutput((module, text) => lines.push(`${module}|${text}`));
    for (let at = 0; at < stream.length; at += size) splitter.write(stream.subarray(at, at + size));
    splitter.flush();
    expect(lines).toEqual(['|plain é', 'city|one', 'road|x', 'city|two more', '|\u001b]other;\u0007 end']);
  }
});

test('the engine is built once for the same sources and compiler, and two builds at once agree', async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'hotmod-engine-'));
  try {
    const compiler = await findClang();
    const [first, second] = await Promise.all([
      buildEngine({ compiler, cacheDir }),
      buildEngine({ compiler, cacheDir }),
    ]);
    expect(second).toBe(first);
    expect(await buildEngine({ compiler, cacheDir })).toBe(first);
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
});

test('a compiler that cannot build the engine, or is not there, is HM530', async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'hotmod-engine-'));
  try {
    await expect(buildEngine({ compiler: '/bin/false', cacheDir })).rejects.toMatchObject({
      code: 'HM530',
      exitCode: 3,
    });
    await expect(buildEngine({ compiler: '/nonexistent/clang', cacheDir })).rejects.toMatchObject({ code: 'HM530' });
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
});

test('every failure the engine can report has a code that is explained', () => {
  const known = new Set(codes.map((entry) => entry.code));
  const base: Failure = {
    problem: 'returned',
    step: 'init',
    value: 1,
    signal: 11,
    address: 16n,
    module: 'm',
    call: 'init',
    text: '',
    stack: noStack,
  };
  const problems: Failure['problem'][] = [
    'notLoaded',
    'noEntry',
    'wrongApi',
    'returned',
    'crashed',
    'notStaged',
    'nothingBefore',
    'noMemory',
    'notStarted',
  ];
  for (const problem of problems) expect(known).toContain(describeFailure({ ...base, problem }).code);
});
