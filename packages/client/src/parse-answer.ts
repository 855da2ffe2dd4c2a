import { DaybookError } from '@daybook/errors'

/** The JSON of an answer; nothing at all is `undefined`. `who` begins the message when it is not JSON (code `internal`). */
export function parseAnswer(text: string, who: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DaybookError(
      'internal',
      `${who} sent something that is not JSON. Check that it is a Daybook of this version.`,
      { cause },
    )
  }
}
