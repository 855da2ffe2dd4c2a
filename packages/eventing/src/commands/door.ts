import { DaybookError } from '@daybook/errors'
import type { Scope } from '@daybook/runtime'
import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Author } from '../appender.ts'

/** Whether somebody still waits for an answer. */
export interface Attention {
  /** Aborted when the client goes, or the server closes. */
  readonly signal?: AbortSignal
  /** Whether nobody is there any more to be told what he has got. */
  readonly isGone?: () => boolean
}

/** Who gives a command, and whether he still waits for the answer. */
export interface Call extends Attention {
  readonly author: Author
}

/** A command as it is described once, for HTTP and for NATS. */
export interface CommandDoor {
  /** The word of the subject. */
  readonly name: string
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  /** Of the route, as Fastify writes it. Its parameters are fields. */
  readonly path: string
  /** What bots may do needs `append`, and is on NATS as well. */
  readonly scope: Scope
  readonly operationId: string
  readonly summary: string
  /** What the command is told: over NATS in one object, over HTTP in the path, the query (`wait`) and the body. */
  readonly fields: TProperties
  /** By status. */
  readonly response: Readonly<Record<number, TSchema>>
  readonly bodyBytesMax: number
  /** Code: `invalid-request`, and those of the command. */
  run(call: Call, input: unknown): Promise<Outcome>
}

/** An answer, with its status over HTTP. */
interface Outcome {
  readonly status: number
  readonly body: unknown
}

interface Described<Fields extends TProperties, Answer>
  extends Pick<CommandDoor, 'name' | 'path' | 'operationId' | 'summary' | 'response'> {
  readonly fields: Fields
  /** `POST` unless told. */
  readonly method?: CommandDoor['method']
  readonly scope?: Scope
  readonly bodyBytesMax?: number
  readonly execute: (call: Call, input: Static<TObject<Fields>>) => Promise<Answer>
  /** Where it is not always 200. */
  readonly statusOf?: (answer: Answer) => number
  /** What is told of the answer, where that is not all of it. */
  readonly bodyOf?: (answer: Answer) => unknown
}

/** A payload of 256 KiB, in whatever way its signs are written. */
const BODY_BYTES_MAX = 1024 * 1024
/** A caller learns enough from the first ones. */
const FAULTS_MAX = 20

/** Makes a door: `execute` is given what its fields say. */
export function door<Fields extends TProperties, Answer>(described: Described<Fields, Answer>): CommandDoor {
  const { name, path, operationId, summary, response, fields, statusOf, bodyOf, execute } = described
  const validator = Compile(Type.Object(fields, { additionalProperties: false }))
  return {
    name,
    method: described.method ?? 'POST',
    path,
    operationId,
    summary,
    response,
    fields,
    scope: described.scope ?? 'append',
    bodyBytesMax: described.bodyBytesMax ?? BODY_BYTES_MAX,
    async run(call, input) {
      if (!validator.Check(input)) throw invalid(validator.Errors(input))
      const answer = await execute(call, input)
      return { status: statusOf?.(answer) ?? 200, body: bodyOf === undefined ? answer : bodyOf(answer) }
    },
  }
}

function invalid(errors: readonly { instancePath: string; message?: string }[]): DaybookError {
  const faults = errors
    .slice(0, FAULTS_MAX)
    .map(({ instancePath, message = 'is not valid' }) => `${instancePath || 'the request'} ${message}`)
  return new DaybookError('invalid-request', `Correct these and send it again: ${faults.join('; ')}.`)
}
