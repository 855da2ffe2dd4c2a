import type { Effect, PatchOperation, RunSummary, SessionSummary } from '@daybook/events'
import type { ServiceFixture } from '../service-fixture.ts'

/** Whatever an answer about a run's past may hold. */
interface Answer {
  status: number
  text: string
  headers: Headers
  body: {
    seq: number
    lastSeq: number
    recordedAt: string | null
    run: RunSummary | null
    session: SessionSummary | null
    effects: Record<string, Effect>
    from: { seq: number }
    to: { seq: number }
    patch: PatchOperation[]
    next: string | null
    code: string
  }
}

/** Asks the service, and takes the answer for one about a run's past. */
export async function ask(
  fixture: ServiceFixture,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${fixture.service.http.url}${path}`, { headers })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) }
}
