import { createHash } from 'node:crypto'
import type { JsonObject } from '@daybook/errors'
import { canonicalJson, type Draft, draft, type EventData, isBlobRef } from '@daybook/events'
import { importActor } from '../tape-entry.ts'
import type { BlobStore } from './blob-store.ts'
import type { SoundRun } from './check-run.ts'
import type { Finding } from './finding.ts'

/** The npm package whose directories these are. */
const toolName = '@a5c-ai/babysitter-sdk'

/** Where the run comes from: all files of its directory, and all that was wrong with it. Appended to `import/<runId>`. */
export function importedDraft(run: SoundRun, store: BlobStore): Draft {
  const files = [...run.directory.files.values()].map((file) => {
    store.keepFile(file)
    return { path: file.path, sha256: file.sha256, bytes: file.bytes.length }
  })
  const list = store.inlineOrKeep(files)
  const { sdkVersion } = run.runJson
  const data: EventData<'RUN_IMPORTED'> = {
    runId: run.runId,
    tool:
      typeof sdkVersion === 'string' && sdkVersion !== ''
        ? { name: toolName, version: sdkVersion }
        : { name: toolName },
    files: isBlobRef(list) ? list : files,
    events: run.events.length,
    ...damageOf(run.findings, store),
  }
  return draft({
    id: idFrom(run, data),
    stream: `import/${run.runId}`,
    type: 'RUN_IMPORTED',
    data,
    actor: importActor,
  })
}

function damageOf(
  findings: readonly Finding[],
  store: BlobStore,
): Pick<EventData<'RUN_IMPORTED'>, 'damaged' | 'findings'> {
  if (findings.length === 0) return {}
  const all = findings.map((finding) => ({ ...finding }))
  const list = store.inlineOrKeep(all)
  return { damaged: true, findings: isBlobRef(list) ? list : all }
}

/** As many as the schema takes, and as a person reads. */
const findingsToldMax = 100
/** A detail may quote a file; a hundred of them have to fit into one event. */
const detailCharsMax = 500

/** The mark of the damage in the run itself: its last event, so that the run's own events begin with seq 1. */
export function damagedDraft(run: SoundRun, findings: readonly Finding[]): Draft {
  const leftOut = new Set(findings.filter((finding) => finding.leftOut === true).map(({ file }) => file))
  const data: EventData<'RUN_DAMAGED'> = {
    findings: findings
      .slice(0, findingsToldMax)
      .map((finding) => ({ ...finding, detail: finding.detail.slice(0, detailCharsMax) })),
    findingsTotal: findings.length,
    eventsLeftOut: leftOut.size,
  }
  return draft({
    id: idFrom(run, data),
    stream: `run/${run.runId}`,
    type: 'RUN_DAMAGED',
    data,
    actor: importActor,
  })
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * The same directory always gives the same id, so that importing it again is recognised: the time of the ULID is that of
 * the run's last event, and its 80 random bits are taken from the hash of the content.
 */
function idFrom(run: SoundRun, data: JsonObject): string {
  const time = (run.events.at(-1)?.ulid ?? '0'.repeat(26)).slice(0, 10)
  const digest = createHash('sha256')
    .update(canonicalJson({ ...data }))
    .digest()
  // Five bits a digit; a byte's upper three are left out, which is no loss: a hash has bits enough.
  const random = Array.from(digest.subarray(0, 16), (byte) => crockford[byte & 31])
  return time + random.join('')
}
