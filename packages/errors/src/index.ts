export { type CatalogueEntry, catalogue, type ErrorCode, isErrorCode, type Retry } from './catalogue.ts'
export { DaybookError, type ErrorDetails } from './daybook-error.ts'
export type { JsonObject, JsonValue } from './json-value.ts'
export { fromProblem, type Problem, toProblem } from './problem.ts'
