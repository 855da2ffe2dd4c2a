import { DaybookError, toProblem } from '@daybook/errors'
import { EarlyExit, exitCodes } from './failure.ts'
import type { Session } from './session.ts'
import { type Column, table } from './table.ts'

/** What became of one of the things about which a command was to decide. */
export interface Settled {
  readonly id: string
  readonly outcome: string
  readonly detail: string
  /** Why it was refused. */
  readonly problem?: object
}

/**
 * Decides about one after the other. One that is refused does not keep the others from being tried; a gateway that is away
 * does.
 */
export async function settleEach(
  ids: Iterable<string>,
  settle: (id: string) => Promise<Settled>,
): Promise<Settled[]> {
  const results: Settled[] = []
  for (const id of ids) results.push(await attempt(id, settle))
  return results
}

async function attempt(id: string, settle: (id: string) => Promise<Settled>): Promise<Settled> {
  try {
    return await settle(id)
  } catch (error) {
    if (!(error instanceof DaybookError) || error.retry === 'later') throw error
    return { id, outcome: error.code, detail: error.message, problem: toProblem(error) }
  }
}

/** What the things are called. */
export interface SettledNames {
  /** Of what tells them apart, as in `id`. */
  readonly id: string
  /** Said when there were none. */
  readonly none: string
}

/** Tells what became of all of them; exit code 1 when at least one was refused. */
export async function reportSettled(
  { colour, json, print, printJson, remark }: Session,
  results: readonly Settled[],
  names: SettledNames,
): Promise<void> {
  const failed = results.filter(({ problem }) => problem !== undefined).length
  if (json)
    await printJson({ results: results.map(({ id, ...rest }) => ({ [names.id]: id, ...rest })), failed })
  else if (results.length === 0) await remark(names.none)
  else await print(table(results, columnsOf(names), colour))
  if (failed === 0) return
  await remark(`${failed} of ${results.length} were refused; see which, and why, above.`)
  throw new EarlyExit(exitCodes.failed)
}

function columnsOf(names: SettledNames): readonly Column<Settled>[] {
  return [
    { title: names.id.toUpperCase(), value: ({ id }) => id },
    { title: 'OUTCOME', value: ({ outcome }) => outcome },
    { title: 'DETAIL', value: ({ detail }) => detail },
  ]
}
