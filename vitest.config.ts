import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/postgres.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The machines that run this have two cores, and a database and the lab's servers want some of them.
    maxWorkers: 2,
  },
});
