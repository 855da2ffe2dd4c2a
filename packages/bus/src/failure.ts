import { DaybookError, type ErrorCode } from '@daybook/errors'
import { JetStreamApiError } from '@nats-io/jetstream'
import {
  InvalidArgumentError,
  InvalidSubjectError,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node'

/** JetStream's own numbers (nats-server `errors.json`); they are stable, its texts are not. */
const STREAM_FULL = 10077
const NO_RESOURCES = 10023
const MESSAGE_TOO_LARGE = 10054

const meanings: Readonly<Record<number, ErrorCode>> = {
  [STREAM_FULL]: 'overloaded',
  [NO_RESOURCES]: 'overloaded',
  [MESSAGE_TOO_LARGE]: 'payload-too-large',
}

/** Says what an error of the client means for the caller. `action` completes "NATS did not …". */
export function toBusError(error: unknown, action: string): DaybookError {
  if (error instanceof DaybookError) return error
  if (error instanceof TimeoutError) {
    const message = `NATS did not ${action} in time. The outcome is not known: look before you do it again.`
    return new DaybookError('timeout', message, { cause: error })
  }
  if (error instanceof InvalidArgumentError) return tooLarge(error)
  if (error instanceof InvalidSubjectError) return invalidSubject(error)
  if (isNobodyThere(error)) {
    const message = `NATS did not ${action}: nothing answers there. Start nats-server with JetStream, and the service that makes its streams.`
    return new DaybookError('unavailable', message, { cause: error })
  }
  const reason = error instanceof Error ? error.message : String(error)
  const code = error instanceof JetStreamApiError ? (meanings[error.code] ?? 'unavailable') : 'unavailable'
  return new DaybookError(code, `NATS did not ${action}: ${reason}.`, { cause: error })
}

/** The client refuses arguments when it publishes for one reason only: the message is over the server's limit. */
export function tooLarge(cause: unknown): DaybookError {
  return new DaybookError(
    'payload-too-large',
    'The message is larger than the NATS server takes. Send less at once.',
    {
      cause,
    },
  )
}

export function invalidSubject(cause?: unknown): DaybookError {
  const message = 'A subject is empty or holds a space. Use words joined by dots.'
  return new DaybookError('invalid-request', message, { cause })
}

/** Nobody subscribes to the subject asked. JetStream's client wraps the fact once more. */
function isNobodyThere(error: unknown): boolean {
  if (error instanceof RequestError) return error.isNoResponders()
  return error instanceof Error && error.cause instanceof RequestError && error.cause.isNoResponders()
}
