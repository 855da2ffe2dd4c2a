export { openDataDirectory } from './data-directory.ts'
export { type RunStackOptions, runStack } from './run.ts'
export { openStack, type Stack, type StackOptions } from './stack.ts'
