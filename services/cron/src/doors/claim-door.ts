import { type CommandDoor, door, wait, waitMsOf } from '@daybook/eventing'
import { claimIdSchema, leaseMsSchema, workerSchema } from '@daybook/events'
import { Type } from 'typebox'
import { claimedRunSchema, type RunClaims } from '../work/run-claims.ts'
import { job } from './fields.ts'

const { Integer, Optional } = Type

/** `POST /v1/cron/runs/claim`. */
export function claimDoor(claims: RunClaims): CommandDoor {
  return door({
    name: 'claim',
    path: '/v1/cron/runs/claim',
    operationId: 'claimCronRuns',
    summary:
      'Get the oldest runs that wait for a worker, under a lease: those of jobs that deliver. The same claimId again gets the same ones.',
    fields: {
      wait,
      worker: workerSchema,
      claimId: Optional(claimIdSchema),
      job: Optional(job),
      leaseMs: Optional(leaseMsSchema),
      limit: Optional(Integer({ minimum: 1, maximum: 100, default: 1 })),
    },
    response: { 200: Type.Object({ runs: Type.Array(claimedRunSchema) }) },
    async execute({ author, ...attention }, { wait: waits, ...wish }) {
      return { runs: await claims.claim(author, wish, { waitMs: waitMsOf(waits), ...attention }) }
    },
  })
}
