import { type InspectedRun, inspectRun, type SoundRun } from './check-run.ts'
import type { Finding, FindingCode } from './finding.ts'
import { isObject, type OriginalEvent } from './journal-files.ts'
import type { RunDirectory } from './read-directory.ts'

/** With one of these a file in `journal/` holds no event, or one that cannot be believed. */
const unbelievable: ReadonlySet<FindingCode> = new Set([
  'bad-name',
  'symbolic-link',
  'too-large',
  'unparsable',
  'not-an-event',
  'checksum-missing',
  'checksum-wrong',
  'unsupported-value',
])

/**
 * What is sound of a damaged run directory; the findings, when nothing is. An event is sound when its own file is:
 * written as the tool writes it, and not changed since. Events that contradict each other all come along, since the
 * journal flags what the state of a run does not allow; so does what stands behind a gap. Nothing is repaired.
 */
export function salvageRun(
  directory: RunDirectory,
): { run: SoundRun } | { runId: string; findings: readonly Finding[] } {
  const { runId, journal, runJson, findings } = inspectRun(directory)
  const events = soundEvents(journal.events, findings)
  const kept = new Set(events.map(({ file }) => file))
  const told = findings.map((finding) =>
    isOnEvent(finding) && !kept.has(finding.file) ? { ...finding, leftOut: true } : finding,
  )
  if (events.length === 0 || findings.some(isHopeless)) return { runId, findings: told }
  const sources = { ...directory, files: soundFiles(directory, findings) }
  return { run: { directory, sources, runId, events, runJson: contentOf(runJson), findings: told } }
}

/** Nothing can be imported then: it is not known by which rules the run was written, or it has no name. */
function isHopeless({ file, code }: Finding): boolean {
  return code === 'unsupported-layout' || (file === 'run.json' && code === 'bad-name')
}

function soundEvents(events: readonly OriginalEvent[], findings: readonly Finding[]): OriginalEvent[] {
  const faulty = new Set(findings.filter(({ code }) => unbelievable.has(code)).map(({ file }) => file))
  const believed = new Set<string>()
  return events.filter(({ file, ulid }) => {
    // The ULID is the event's id in the journal, and an id is given once.
    if (faulty.has(file) || believed.has(ulid)) return false
    believed.add(ulid)
    return true
  })
}

function isOnEvent({ file, code }: Finding): boolean {
  return file.startsWith('journal/') && (unbelievable.has(code) || code === 'ulid-order')
}

/** Task and result files with a finding of their own say nothing: they may be another effect's, or were changed. */
function soundFiles({ files }: RunDirectory, findings: readonly Finding[]): RunDirectory['files'] {
  const faulty = new Set(findings.map(({ file }) => file))
  return new Map([...files].filter(([path]) => path.startsWith('journal/') || !faulty.has(path)))
}

function contentOf(runJson: InspectedRun['runJson']): SoundRun['runJson'] {
  return runJson.ok && isObject(runJson.value) ? runJson.value : {}
}
