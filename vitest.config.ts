import { defineConfig } from 'vitest/config'
import { LongestFirst } from './packages/testing/src/longest-first.ts'

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
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // To start a worker and to load what our packages stand on takes half a second of work for each file, a third of what
    // the whole run takes. So workers go from file to file, and forget only our own modules in between.
    isolate: false,
    setupFiles: ['packages/testing/src/fresh-modules.ts'],
    globalSetup: ['packages/testing/dist/global-setup.js'],
  },
})
