import { defineConfig } from 'vitest/config';

/** What takes too long for every run: hours of random sequences, the large proofs. One after the other, with the machine to itself. */
export default defineConfig({
  test: {
    include: ['test/**/*.soak.ts'],
    globalSetup: ['test/support/postgres.ts'],
    hookTimeout: 120_000,
    fileParallelism: false,
    maxWorkers: 1,
  },
});
