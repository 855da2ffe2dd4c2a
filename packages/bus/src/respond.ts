import { DaybookError, toProblem } from '@daybook/errors'
import { InvalidArgumentError, type Msg } from '@nats-io/transport-node'
import { tooLarge } from './failure.ts'
import { toNatsHeaders } from './headers.ts'
import { type IncomingMessage, ReceivedMessage } from './message.ts'
import { type BusParts, KeptSubscription, Running, type Subscription, untilIdle } from './subscribe.ts'

/** What a responder answers: text, mostly JSON, or bytes. */
export type ReplyBody = string | Uint8Array

/** Answers one request. What it throws is answered too, as a problem object. */
export type Responder = (message: IncomingMessage) => ReplyBody | Promise<ReplyBody>

/** The header that marks a reply as a problem; its value is the code. */
export const ERROR_HEADER = 'Daybook-Error'

/**
 * Answers the requests of a subject. Of all responders in a queue group one gets each request. A request always gets
 * an answer, also when it makes the handler throw. This is the path of every append: nothing is decoded, copied or
 * allocated for a message that the handler does not ask for.
 */
export function respond(
  parts: BusParts,
  { subject, queueGroup }: { subject: string; queueGroup: string },
  responder: Responder,
): Subscription {
  const running = new Running()
  const answer = async (message: Msg): Promise<void> => {
    running.begin()
    try {
      message.respond(await responder(new ReceivedMessage(message)))
    } catch (error) {
      answerProblem(parts, message, error)
    } finally {
      running.end()
    }
  }
  const subscription = new KeptSubscription(parts, {
    subject,
    queue: queueGroup,
    onMessage: (message) => void answer(message),
  })
  return untilIdle(subscription, running)
}

/** Never throws: it is the last resort of a promise that nobody holds. */
function answerProblem({ logger }: BusParts, message: Msg, thrown: unknown): void {
  const error = thrown instanceof InvalidArgumentError ? tooLarge(thrown) : thrown
  const problem = toProblem(error)
  const { subject } = message
  // The caller is told nothing about what we did not expect, so the log has to hold it.
  if (!(error instanceof DaybookError)) logger.error({ subject, err: error }, 'request failed unexpectedly')
  try {
    const headers = toNatsHeaders({ [ERROR_HEADER]: problem.code })
    const told = message.respond(JSON.stringify(problem), { headers })
    if (!told) logger.warn({ subject, code: problem.code }, 'refused a message that asked for no reply')
  } catch (err) {
    logger.error({ subject, err }, 'problem could not be sent')
  }
}
