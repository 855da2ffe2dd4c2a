import { createHash } from 'node:crypto'
import { DaybookError } from '@daybook/errors'
import { isRecord, one } from './answers.ts'
import type { Blobs, Health, HealthCheck } from './daybook.ts'
import type { Http } from './http.ts'

export function openBlobs(http: Http): Blobs {
  return {
    put: async (content, mediaType) => {
      const request = {
        method: 'POST',
        path: '/v1/blobs',
        body: content,
        headers: { 'content-type': mediaType },
      } as const
      const { sha256, bytes } = one(await http.readJson(request), isKept)
      return { $blob: sha256, bytes, mediaType }
    },
    get: async (sha256) => {
      const content = await http.readBytes({ path: `/v1/blobs/${encodeURIComponent(sha256)}` })
      if (createHash('sha256').update(content).digest('hex') === sha256) return content
      throw new DaybookError(
        'internal',
        `The blob ${sha256} came back with other content. Ask for it again; if it stays so, it was altered.`,
      )
    },
  }
}

function isKept(value: unknown): value is { sha256: string; bytes: number } {
  return isRecord(value) && typeof value['sha256'] === 'string' && typeof value['bytes'] === 'number'
}

/** A gateway that is not ready says so with 503 and the same report, which is an answer and not a failure of the question. */
export async function readHealth(http: Http): Promise<Health> {
  const { status, body } = await http.readJson({ path: '/readyz', accepts: [503] })
  const checks = isRecord(body) && isRecord(body['checks']) ? body['checks'] : {}
  return { ready: status === 200, checks: Object.fromEntries(Object.entries(checks).filter(isNamedCheck)) }
}

function isNamedCheck(entry: [string, unknown]): entry is [string, HealthCheck] {
  return isRecord(entry[1]) && typeof entry[1]['ok'] === 'boolean'
}
