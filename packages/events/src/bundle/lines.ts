import { DaybookError } from '@daybook/errors'
import { decodeUtf8 } from '../json/parse.ts'

/** An event of a bundle is 1 MiB at most with its proof; what has no line feed for longer is something else. */
const LINE_BYTES_MAX = 16 * 1_048_576

/** Cuts bytes (of a file, of an answer) into lines of UTF-8 without their line feeds. Codes: invalid-request, invalid-string. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let rest: Buffer[] = []
  let restBytes = 0
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let from = 0
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, from)) {
      yield decodeUtf8(Buffer.concat([...rest, bytes.subarray(from, at)]))
      rest = []
      restBytes = 0
      from = at + 1
    }
    if (from === bytes.length) continue
    rest.push(bytes.subarray(from))
    restBytes += bytes.length - from
    if (restBytes > LINE_BYTES_MAX) throw notLines('a line has no end')
  }
  if (restBytes > 0) yield decodeUtf8(Buffer.concat(rest))
}

function notLines(reason: string): DaybookError {
  return new DaybookError('invalid-request', `This is not a bundle: ${reason}.`)
}
