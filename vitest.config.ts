import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // Real compilers and real processes on shared machines: generous limits, no timing assertions.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
