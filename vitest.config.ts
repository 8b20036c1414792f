import { defineConfig } from 'vitest/config';

// Tests stand beside the code they test (`packages/*/src/**/*.test.ts`); tests of the whole system are in `tests/`.
export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.{ts,tsx}', 'tests/**/*.test.ts'],
    globalSetup: ['./scripts/vitest-setup.mjs'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // Tests that run side by side wait for boards, not for the processor.
    maxConcurrency: 12,
  },
});
