import { describe, expect, test } from 'vitest';
import type { HostEnd } from '../../../src/host/host.js';
import { noStack } from '../../../src/host/stack.js';
import { createEmulatorFaults } from '../../../src/session/recovery/emulator-faults.js';

const end = (more: Partial<HostEnd>): HostEnd => ({
  expected: false,
  how: 'SIGSEGV',
  recorded: false,
  module: 'a',
  generation: 1,
  call: 'update',
  frames: 5,
  address: 0n,
  stack: noStack,
  ...more,
});

describe('the end of an emulated host', () => {
  test('that the engine did not see is the emulator’s, the first time', () => {
    const faults = createEmulatorFaults('qemu');
    const first = end({});
    expect(faults.caused(first)).toBe(true);
    // Whoever asks about the same end again gets the same answer.
    expect(faults.caused(first)).toBe(true);
    expect(faults.caused(end({}))).toBe(false);
    expect(faults.caused(end({ generation: 2 }))).toBe(true);
    expect([faults.count(), faults.count()]).toEqual([1, 2]);
  });

  test('outside of any call is nobody else’s, however often', () => {
    const faults = createEmulatorFaults('qemu');
    expect([1, 2, 3].map(() => faults.caused(end({ module: '' })))).toEqual([true, true, true]);
  });

  test.each([
    ['the engine wrote down', { recorded: true }],
    ['was a call of exit()', { how: 'exit' }],
    ['was a call that hung', { how: 'hang', recorded: true }],
    ['somebody wanted', { how: 'SIGKILL' }],
    ['was asked for', { expected: true }],
  ])('that %s is not', (_, more) => {
    expect(createEmulatorFaults('qemu').caused(end(more))).toBe(false);
  });

  test('is never an emulator’s where nothing is emulated', () => {
    expect(createEmulatorFaults('').caused(end({}))).toBe(false);
  });
});
