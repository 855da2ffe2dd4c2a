/**
 * vitest runs this before each test file (vitest.config.ts). A worker that has run another file before forgets all modules
 * of ours, so that each file begins with its own: the state that a module keeps, and the hooks that a fixture registers
 * when it is loaded. Packages of others stay loaded, which is what takes the time.
 */
import { vi } from 'vitest'

vi.resetModules()
