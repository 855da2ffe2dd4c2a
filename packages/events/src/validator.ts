import type { Static, TProperties, TSchema } from 'typebox'
import { Compile, type Validator as Compiled } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { shown } from './json/shown.ts'

/** The first thing that is wrong with a value, in words that hold nothing of the value itself. */
export interface Complaint {
  /** From the value inwards: `.error.name`, `[3]`; empty for the value as a whole. */
  path: string
  detail: string
}

/** Checks values against one schema. Compiling takes milliseconds, so it happens at the first use, not at import. */
export class Validator<Schema extends TSchema> {
  private readonly schema: Schema
  private compiled: Compiled<TProperties, Schema> | undefined

  constructor(schema: Schema) {
    this.schema = schema
  }

  /** Whether the value fits. Well below a microsecond for an event. */
  check(value: unknown): value is Static<Schema> {
    return this.compile().Check(value)
  }

  /** What is wrong with a value that does not fit. Slow, for the bad case only. */
  explain(value: unknown): Complaint {
    const errors = this.compile().Errors(value)
    // A choice reports what is wrong with each of its forms first, an unknown field that its schema is `false`.
    const choice = errors.find(({ keyword }) => keyword === 'anyOf')
    const error = choice ?? errors.find(({ keyword }) => keyword !== 'boolean')
    if (error === undefined) return { path: '', detail: 'is not valid' }
    return {
      path: shown(inwards(error.instancePath)),
      detail: shown(describe(error)),
    }
  }

  private compile(): Compiled<TProperties, Schema> {
    this.compiled ??= Compile(this.schema)
    return this.compiled
  }
}

function describe(error: TLocalizedValidationError): string {
  if (error.keyword === 'additionalProperties')
    return `has unknown fields: ${error.params.additionalProperties.join(', ')}`
  if (error.keyword === 'required') return `lacks ${error.params.requiredProperties.join(', ')}`
  if (error.keyword === 'anyOf') return 'fits none of the forms it may have'
  return error.message
}

/** A JSON pointer (RFC 6901) as people write it: `/steps/3/name` is `.steps[3].name`. */
function inwards(pointer: string): string {
  const steps = pointer.split('/').slice(1)
  return steps.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${unescapeStep(step)}`)).join('')
}

function unescapeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}
