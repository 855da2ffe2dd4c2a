import type { Database } from '@daybook/database'
import { DaybookError } from '@daybook/errors'
import { callerOf, type HttpPlugin, requireOperator, tenantOf } from '@daybook/runtime'
import { Type } from 'typebox'
import { type ArchiveRow, listArchives } from '../store/archives.ts'
import type { JournalTables } from '../store/tables.ts'
import type { Archiver } from './archiver.ts'

export interface ArchiveRouteParts {
  database: Database<JournalTables>
  /** Undefined: no place for an archive is configured. */
  archiver: Archiver | undefined
  /** Undefined: only when it is asked for. */
  afterDays: number | undefined
}

const closed = { additionalProperties: false }
const PAGE_MAX = 1_000
const DAY_MS = 86_400_000
/** What is written while somebody waits for the answer. */
const RUNS_MAX = 20

const archiveSchema = Type.Object({
  id: Type.String(),
  stream: Type.String(),
  firstSeq: Type.Integer(),
  lastSeq: Type.Integer(),
  firstPosition: Type.Integer(),
  lastPosition: Type.Integer(),
  location: Type.String(),
  name: Type.String({ description: 'Of the bundle, in the store' }),
  sha256: Type.Union([Type.String(), Type.Null()]),
  bytes: Type.Union([Type.Integer(), Type.Null()]),
  createdAt: Type.String(),
  archivedAt: Type.Union([Type.String(), Type.Null()], { description: 'Null while it is being written' }),
})

/** The archive over HTTP. */
export function archiveRoutes(parts: ArchiveRouteParts): HttpPlugin[] {
  return [listRoute(parts), runRoute(parts)]
}

function listRoute({ database }: ArchiveRouteParts): HttpPlugin {
  return async (app) => {
    app.get('/v1/archives', {
      config: { scope: 'read' },
      schema: {
        operationId: 'listArchives',
        summary: 'What is in the archive, newest first.',
        tags: ['retention'],
        querystring: Type.Object(
          {
            before: Type.Optional(Type.String({ pattern: '^[0-9A-Z]{26}$' })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: 100 })),
          },
          closed,
        ),
        response: {
          200: Type.Object({
            archives: Type.Array(archiveSchema),
            next: Type.Union([Type.String(), Type.Null()]),
          }),
        },
      },
      handler: async (request) => {
        const { before, limit = 100 } = request.query
        const rows = await listArchives(database, tenantOf(request), { before, limit })
        return { archives: rows.map(shown), next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) }
      },
    })
  }
}

function runRoute({ archiver, afterDays }: ArchiveRouteParts): HttpPlugin {
  return async (app) => {
    app.post('/v1/archives', {
      config: { scope: 'admin' },
      schema: {
        operationId: 'runArchive',
        summary: 'Archive some of the runs that ended long enough ago; ask again while there are more.',
        description: 'Of all tenants, so it is for admins of the tenant main only.',
        tags: ['retention'],
        body: Type.Object(
          {
            olderThanDays: Type.Optional(
              Type.Number({ minimum: 0, description: 'Instead of the configured ARCHIVE_AFTER_DAYS' }),
            ),
          },
          closed,
        ),
        response: { 200: Type.Object({ archived: Type.Integer(), more: Type.Boolean() }) },
      },
      handler: async (request) => {
        requireOperator(callerOf(request))
        const days = request.body.olderThanDays ?? afterDays
        if (archiver === undefined)
          throw new DaybookError(
            'invalid-usage',
            'The journal has no archive. Set ARCHIVE_TO, and start it again.',
          )
        if (days === undefined)
          throw new DaybookError('invalid-request', 'Say olderThanDays, or set ARCHIVE_AFTER_DAYS.')
        return archiver.run({ before: new Date(Date.now() - days * DAY_MS), limit: RUNS_MAX })
      },
    })
  }
}

function shown({ tenant: _tenant, createdAt, archivedAt, ...row }: ArchiveRow) {
  return { ...row, createdAt: createdAt.toISOString(), archivedAt: archivedAt?.toISOString() ?? null }
}
