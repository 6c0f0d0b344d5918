import { expect, test } from 'vitest';
import type { CallRequest } from '../../src/host/host.js';
import { openBench, until } from '../helpers/host-modules.js';

const nothing: Omit<CallRequest, 'symbol'> = {
  module: 'm',
  integers: [],
  floats: [],
  stack: [],
  memory: [],
  patches: [],
  returns: { in: 'nothing' },
};

const source = `
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
long frames;
const char *kept;
void module_update(double dt) { (void)dt; frames++; }
long get_frames(void) { return frames; }
void crash(int *where) { *where = 1; }
void stop(void) { abort(); }
void leave(void) { exit(3); }
void spin(void) { for (volatile int n = 0;; n++); }
long deep(long n) { volatile char room[4096]; room[0] = (char)n; return deep(n + 1) + room[0]; }
void say(const char *text) { puts(text); }
void shout(char *text) { for (; *text; text++) if (*text >= 'a' && *text <= 'z') *text -= 32; }
void keep(const char *name) { kept = name; }
int kept_starts_with(const char *name) { return strncmp(kept, name, strlen(name)) == 0; }
static int hidden(void) { return 1; }
int uses_hidden(void) { return hidden(); }
`;

const block = (text: string): Uint8Array => Buffer.from(`${text}\0`);
const first = [{ into: 'integers', index: 0, block: 0 }] as const;

test('a function is called between frames and sees what the frames left', async () => {
  await using bench = await openBench();
  await bench.load('m', source);
  await bench.host.step(3, 1 / 60);
  const returns = { in: 'registers', kinds: ['integer'] } as const;
  const answer = await bench.host.call({ ...nothing, symbol: 'get_frames', returns });
  expect(answer).toMatchObject({ ok: true, memory: [] });
  expect(answer.ok && Buffer.from(answer.bytes).readBigInt64LE()).toBe(3n);
});

test('memory that was given comes back as the function left it', async () => {
  await using bench = await openBench();
  await bench.load('m', source);
  const memory = [block('quiet')];
  const answer = await bench.host.call({ ...nothing, symbol: 'shout', integers: [0n], memory, patches: first });
  expect(answer.ok && Buffer.from(answer.memory[0] ?? []).toString()).toBe('QUIET\0');
});

test('what the function prints is its module’s output', async () => {
  await using bench = await openBench();
  await bench.load('m', source);
  const memory = [block('hello from a call')];
  await bench.host.call({ ...nothing, symbol: 'say', integers: [0n], memory, patches: first });
  await until(() => bench.lines.length > 0);
  expect(bench.lines).toEqual([{ stream: 'stdout', module: 'm', text: 'hello from a call' }]);
});

test('a text that the function keeps the address of is still there in later calls', async () => {
  await using bench = await openBench();
  await bench.load('m', source);
  const call = (symbol: string, text: string) =>
    bench.host.call({
      ...nothing,
      symbol,
      integers: [0n],
      memory: [block(text)],
      patches: first,
      returns: { in: 'registers', kinds: ['integer'] },
    });
  await call('keep', 'Amsterdam');
  for (let n = 0; n < 50; n++) await call('shout', `another text of some length ${n}`);
  const answer = await call('kept_starts_with', 'Amsterdam');
  expect(answer.ok && answer.bytes[0]).toBe(1);
});

test('many calls with large arguments all get their memory', async () => {
  await using bench = await openBench();
  await bench.load('m', source);
  const memory = [Buffer.alloc(1 << 20, 'a'), block('')];
  for (let n = 0; n < 300; n++) {
    const answer = await bench.host.call({
      ...nothing,
      symbol: 'shout',
      integers: [0n],
      memory,
      patches: [{ into: 'integers', index: 0, block: 1 }],
    });
    expect(answer.ok).toBe(true);
  }
});

test.each([
  ['crash', [8n], 'SIGSEGV', 'crash of "m" crashed with SIGSEGV at address 0x8.'],
  ['stop', [], 'SIGABRT', 'stop of "m" crashed with SIGABRT'],
  ['deep', [0n], 'SIGSEGV', 'deep of "m" crashed with SIGSEGV'],
] as const)(
  'a crash in %s is an answer and a fault of the module, and the program lives',
  async (symbol, integers, signal, text) => {
    await using bench = await openBench();
    await bench.load('m', source, 7);
    await bench.load('other', source.replaceAll('module_update', 'other_update'));
    await bench.host.step(2, 1 / 60);
    const answer = await bench.host.call({ ...nothing, symbol, integers });
    expect(answer).toMatchObject({ ok: false, code: 'HM542' });
    expect(answer.ok ? '' : answer.message).toContain(text);
    expect(bench.faults).toMatchObject([{ module: 'm', generation: 7, signal, call: 'call', frames: 2 }]);
    await bench.host.step(1, 1 / 60);
    const { modules } = await bench.host.stats();
    expect(modules).toMatchObject([
      { module: 'm', running: false, frames: 2 },
      { module: 'other', running: true, frames: 3 },
    ]);
    expect(await bench.host.call({ ...nothing, symbol: 'get_frames' })).toMatchObject({ ok: false, code: 'HM541' });
  },
);

test('a function that does not return ends the process as a hang of that call', async () => {
  await using bench = await openBench({ hangTimeoutMs: 300 });
  await bench.load('m', source, 4);
  await expect(bench.host.call({ ...nothing, symbol: 'spin' })).rejects.toThrow('ended (hang)');
  expect(await bench.host.ended).toMatchObject({ how: 'hang', module: 'm', generation: 4, call: 'call' });
});

test('a function that calls exit ends the process in the name of its module', async () => {
  await using bench = await openBench();
  await bench.load('m', source, 4);
  await expect(bench.host.call({ ...nothing, symbol: 'leave' })).rejects.toThrow('ended (exit)');
  expect(await bench.host.ended).toMatchObject({ how: 'exit', module: 'm', call: 'call' });
});

test('a name the library does not export, or only a library it needs has, is no function of it', async () => {
  await using bench = await openBench();
  await bench.load('m', source);
  for (const symbol of ['nothing_like_it', 'hidden', 'puts']) {
    expect(await bench.host.call({ ...nothing, symbol })).toEqual({
      ok: false,
      code: 'HM540',
      message: `The running version of "m" exports no function "${symbol}".`,
    });
  }
  expect(await bench.host.call({ ...nothing, module: 'x', symbol: 'y' })).toMatchObject({ ok: false, code: 'HM541' });
});

test('a request that makes no sense is refused before anything is called', async () => {
  await using bench = await openBench();
  await bench.load('m', source);
  const wrong: readonly Partial<CallRequest>[] = [
    { integers: new Array<bigint>(9).fill(0n) },
    { stack: new Array<bigint>(17).fill(0n) },
    { memory: [block('x')], patches: [{ into: 'stack', index: 99, block: 0 }] },
    { memory: [block('x')], patches: [{ into: 'integers', index: 0, block: 3 }] },
    { memory: [block('x')], patches: [{ into: 'memory', index: 0, block: 0, inside: 0 }] },
  ];
  for (const part of wrong) {
    await expect(bench.host.call({ ...nothing, symbol: 'get_frames', ...part })).rejects.toThrow('did not understand');
  }
  expect((await bench.host.stats()).modules[0]).toMatchObject({ running: true });
});
