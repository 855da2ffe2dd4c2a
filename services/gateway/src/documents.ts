import { type ApiDocument, isApiDocument, mergeDocuments } from './openapi.ts'
import type { Upstream } from './upstreams.ts'

/** Schemas change only when a service is replaced by a newer one. */
const COMPLETE_FOR_MS = 30_000
/** A service that is just starting should be seen soon. */
const INCOMPLETE_FOR_MS = 2_000
const FETCH_TIMEOUT_MS = 2_000

/** The merged API document: fetched when somebody asks, and kept for a moment. */
export interface Documents {
  merged(own: ApiDocument): Promise<ApiDocument>
}

export function createDocuments(upstreams: Iterable<Upstream>): Documents {
  const services = [...upstreams]
  let cached: { documents: Promise<Map<string, ApiDocument | undefined>>; until: number } | undefined
  const fetchAll = async () => {
    const fetched = await Promise.all(
      services.map(async (upstream) => [upstream.name, await fetchDocument(upstream)] as const),
    )
    const isComplete = fetched.every(([, document]) => document !== undefined)
    if (cached !== undefined)
      cached.until = performance.now() + (isComplete ? COMPLETE_FOR_MS : INCOMPLETE_FOR_MS)
    return new Map<string, ApiDocument | undefined>(fetched)
  }
  return {
    async merged(own) {
      // Callers that come while it is fetched share it.
      if (cached === undefined || cached.until < performance.now()) {
        cached = { documents: fetchAll(), until: Number.POSITIVE_INFINITY }
      }
      return mergeDocuments(own, await cached.documents)
    },
  }
}

async function fetchDocument(upstream: Upstream): Promise<ApiDocument | undefined> {
  try {
    const answer = await upstream.fetch('/openapi.json', AbortSignal.timeout(FETCH_TIMEOUT_MS))
    const document: unknown = answer.ok ? await answer.json() : undefined
    return isApiDocument(document) ? document : undefined
  } catch {
    return undefined
  }
}
