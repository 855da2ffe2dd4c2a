import { DaybookError } from '@daybook/errors'
import { isEffect, isReadRun, one, toPage } from './answers.ts'
import { backoffMs, pause } from './backoff.ts'
import type { Runs } from './daybook.ts'
import type { Answer, Http, HttpRequest } from './http.ts'
import { everyPage } from './pages.ts'
import { openRunPast } from './past.ts'
import { effectPath, openRunCommands, runPath } from './run-commands.ts'

/** The read models of runs, and commands on them. `timeoutMs` bounds how long a read waits for its `minPosition`. */
export function openRuns(http: Http, timeoutMs: number): Runs {
  const page: Runs['page'] = async (filter = {}) =>
    toPage(await http.readJson({ path: '/v1/runs', query: { ...filter } }), 'runs', isReadRun)
  return {
    page,
    list: (filter = {}) =>
      everyPage((cursor: string | undefined) => page(cursor === undefined ? filter : { ...filter, cursor })),
    get: async (runId, options = {}) =>
      one(await readWhenReached(http, { path: runPath(runId), query: { ...options } }, timeoutMs), isReadRun),
    effects: (runId, filter = {}) =>
      everyPage(async (cursor: string | undefined) => {
        const request = { path: `${runPath(runId)}/effects`, query: { ...filter, cursor } }
        return toPage(await readWhenReached(http, request, timeoutMs), 'effects', isEffect)
      }),
    effect: async (effectId, { runId, ...query } = {}) => {
      const path = effectPath(effectId, runId === undefined ? {} : { runId })
      return one(await readWhenReached(http, { path, query }, timeoutMs), isEffect)
    },
    ...openRunCommands(http),
    ...openRunPast(http, runPath),
  }
}

/** The server waits 2 s for a position; a read model that was just restarted may need longer. */
export async function readWhenReached(http: Http, request: HttpRequest, timeoutMs: number): Promise<Answer> {
  const deadline = performance.now() + timeoutMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await http.readJson(request)
    } catch (error) {
      const delayMs = backoffMs(attempt)
      const mayPass = error instanceof DaybookError && error.code === 'position-not-reached'
      if (!mayPass || performance.now() + delayMs >= deadline) throw error
      await pause(delayMs)
    }
  }
}
