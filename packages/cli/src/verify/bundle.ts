import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createGunzip } from 'node:zlib'
import { DaybookError } from '@daybook/errors'
import { readLines, verifyBundle } from '@daybook/events'
import type { Session } from '../session.ts'
import type { Evidence } from './inputs.ts'
import { progressOf } from './progress.ts'
import type { Verdict } from './verdict.ts'

/** The first two bytes of a gzip file (RFC 1952). */
const GZIP_MAGIC = Buffer.of(0x1f, 0x8b)

/** Verifies a bundle in a file, also a compressed one. No server is needed. */
export async function verifyFile(at: Session, file: string, evidence: Evidence): Promise<Verdict> {
  const path = resolve(at.shell.cwd, file)
  const isPacked = await startsWith(path, GZIP_MAGIC).catch((cause: unknown) => {
    throw new DaybookError('invalid-usage', `There is no bundle ${file} that can be read.`, { cause })
  })
  const bytes = createReadStream(path)
  const unpacked = isPacked ? bytes.pipe(createGunzip()) : bytes
  return verifyLines(at, readLines(unpacked), evidence)
}

/** Verifies the lines of a bundle, wherever they come from. */
export async function verifyLines(
  at: Session,
  lines: AsyncIterable<string>,
  { keys, known, receipts }: Evidence,
): Promise<Verdict> {
  const progress = progressOf(at)
  const report = await verifyBundle(lines, {
    keys,
    known,
    receipts,
    onEvent: (events) => progress(`${events} events`),
  })
  const { events, streams, proven, erased, archived, signers, fault } = report
  const isUnsigned = keys.length === 0 && report.checkpoint !== undefined
  return {
    events,
    streams: streams.length,
    sealed: proven,
    erased,
    archived,
    signers,
    ...(fault && { fault }),
    remarks: [
      ...(isUnsigned ? ['No --key was given, so nobody vouches for the checkpoint of the bundle.'] : []),
      ...(receipts.length === 0
        ? ['That the newest events were left out would show only with a --receipt.']
        : []),
    ],
  }
}

async function startsWith(path: string, magic: Buffer): Promise<boolean> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(magic.length))
  return buffer.subarray(0, bytesRead).equals(magic)
}
