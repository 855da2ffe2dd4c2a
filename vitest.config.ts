import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      '{packages,services}/*/test/**/*.test.ts',
      'e2e/**/*.test.ts',
      'bench/test/**/*.test.ts',
      'infra/**/*.test.ts',
    ],
    // Starting a real server on a busy two-core machine takes seconds, not milliseconds.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Whole-system tests mostly wait: for leases, restarts, and servers that were killed.
    maxWorkers: 3,
    globalSetup: ['packages/testing/dist/global-setup.js'],
  },
})
