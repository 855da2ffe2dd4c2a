export { runCli } from './program.ts'
export type { Shell, Sink } from './shell.ts'
