import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The order in which test files are started: whole-system stories, which take up to two minutes, then tests with real
 * servers, then the others. A run whose longest file comes last ends with one worker at work and the others idle.
 * vitest's own order, which knows how long files took the last time, holds among files of one sort; in a fresh clone it
 * does not know.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- the method of a sequencer, not that of an array
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rankOf(a.moduleId) - rankOf(b.moduleId))
  }
}

function rankOf(file: string): number {
  if (file.includes('/e2e/')) return 0
  return file.endsWith('.int.test.ts') ? 1 : 2
}
