import type { JournalEvent } from '@daybook/events'
import type { Instance } from './world.ts'

/** Makes a job, as a user would. */
export async function define(instance: Instance, name: string, definition: object): Promise<any> {
  const { status, body } = await instance.send('POST', 'jobs', { name, ...definition })
  if (status >= 300) throw new Error(JSON.stringify(body))
  return body
}

/** A note that a job makes: an event of a run's log. */
export const note = (stream: string) => ({
  do: 'append',
  stream,
  type: 'PROCESS_LOG',
  data: { message: 'hello' },
  slotAs: 'label',
})

/** A text of an event's data. */
export function said({ data }: Pick<JournalEvent, 'data'>, member: string): string {
  const value = data[member]
  return typeof value === 'string' ? value : ''
}
