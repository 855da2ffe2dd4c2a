import { createHash } from 'node:crypto'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createUlids } from '@daybook/events'

type Body = Record<string, unknown>

/** The n-th event file of a journal folder. */
export async function eventFile(journal: string, seq: number): Promise<string> {
  const name = (await readdir(journal)).find((file) => file.startsWith(String(seq).padStart(6, '0')))
  return join(journal, name ?? 'missing')
}

/** Writes an event as the tool does: two spaces, a line feed, and the checksum of the same text without it. */
export async function writeSealed(file: string, event: Body): Promise<void> {
  const checksum = createHash('sha256')
    .update(`${JSON.stringify(event, null, 2)}\n`)
    .digest('hex')
  await writeFile(file, `${JSON.stringify({ ...event, checksum }, null, 2)}\n`)
}

/** Changes an event and seals it again, as a clever forger would. */
export async function reseal(file: string, change: (event: Body) => Body): Promise<void> {
  const { checksum: _checksum, ...event } = JSON.parse(await readFile(file, 'utf8'))
  await writeSealed(file, change(event))
}

const nextUlid = createUlids()

/** Makes another run of a run that has only been created: with another id, and with another ULID for its event. */
export async function renameRun(path: string, runId: string): Promise<void> {
  const runJson = join(path, 'run.json')
  const before: Body = JSON.parse(await readFile(runJson, 'utf8'))
  await writeFile(runJson, `${JSON.stringify({ ...before, runId }, null, 2)}\n`)
  const first = await eventFile(join(path, 'journal'), 1)
  await reseal(first, (event) => ({ ...event, data: { ...Object(event['data']), runId } }))
  await rename(first, join(path, 'journal', `000001.${nextUlid()}.json`))
}
