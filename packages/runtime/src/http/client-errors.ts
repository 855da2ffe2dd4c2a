import type { Socket } from 'node:net'
import { DaybookError, type Problem, toProblem } from '@daybook/errors'
import { PROBLEM_TYPE } from './problems.ts'

/**
 * Answers what is not HTTP, or not in time, before there is a request to answer: Node would say it without our
 * problem object. Gets the bare socket, which may be gone already.
 */
export function answerClientErrors(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, reason, detail } = refusalOf(error.code)
  const problem: Problem = { ...toProblem(new DaybookError('invalid-request', detail)), status }
  const body = JSON.stringify(problem)
  const head = `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${PROBLEM_TYPE}\r\nConnection: close\r\n`
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

interface Refusal {
  status: number
  reason: string
  detail: string
}

function refusalOf(code: string | undefined): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return {
      status: 408,
      reason: 'Request Timeout',
      detail: 'The request did not arrive in time. Send it again.',
    }
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return { status: 431, reason: 'Request Header Fields Too Large', detail: 'Send smaller headers.' }
  }
  return { status: 400, reason: 'Bad Request', detail: 'The request cannot be read as HTTP.' }
}
