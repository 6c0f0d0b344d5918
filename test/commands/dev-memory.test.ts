import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { giveBackMemory } from '../../src/commands/dev-memory.js';
import { createBus } from '../../src/events/bus.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched() {
  const bus = createBus();
  const giveBack = vi.fn();
  const end = giveBackMemory(bus, giveBack);
  return { giveBack, end, idle: () => bus.emit({ type: 'session:idle', modules: [] }), bus };
}

test('memory is given back once, when nothing was built for a while', () => {
  const { giveBack, idle } = watched();
  idle();
  expect(giveBack).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  expect(giveBack).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(600_000);
  expect(giveBack).toHaveBeenCalledTimes(1);
});

test('memory is not given back while something is built, and not after the end', () => {
  const { giveBack, idle, bus, end } = watched();
  idle();
  bus.emit({ type: 'build:start', module: 'm' });
  vi.advanceTimersByTime(60_000);
  expect(giveBack).not.toHaveBeenCalled();
  idle();
  end();
  vi.advanceTimersByTime(60_000);
  expect(giveBack).not.toHaveBeenCalled();
});
