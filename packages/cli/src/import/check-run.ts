import { basename } from 'node:path'
import { DaybookError, type JsonObject } from '@daybook/errors'
import { parseStream } from '@daybook/events'
import { checkEffects } from './check-effects.ts'
import { checkSequence, checkTail } from './check-sequence.ts'
import { type Finding, findingLines } from './finding.ts'
import { isObject, type JournalFiles, type OriginalEvent, readJournalFiles } from './journal-files.ts'
import { type JsonFile, readJsonFile, told } from './json-file.ts'
import type { RunDirectory } from './read-directory.ts'

/** What is sound of a run directory: all of it, or what `salvageRun` found to be so. */
export interface SoundRun {
  /** The directory with all its files: they are kept as they are, sound or not. */
  readonly directory: RunDirectory
  /** The files that are believed: only what they hold goes into events. */
  readonly sources: RunDirectory
  readonly runId: string
  readonly events: readonly OriginalEvent[]
  /** What `run.json` says; nothing when it is missing. */
  readonly runJson: JsonObject
  /** What is wrong with the rest. */
  readonly findings: readonly Finding[]
}

/** A run directory as it was read, and all that is wrong with it, by file. */
export interface InspectedRun {
  readonly runId: string
  readonly journal: JournalFiles
  readonly runJson: JsonFile
  readonly findings: readonly Finding[]
}

/** The one layout both versions of the tool write; another one may mean other rules. */
const knownLayout = '2026.01-storage-preview'

/** All that is wrong with a run directory, by file, or the run when it is sound. */
export function checkRun(
  directory: RunDirectory,
): { run: SoundRun } | { runId: string; findings: readonly Finding[] } {
  const { runId, journal, runJson, findings } = inspectRun(directory)
  if (findings.length > 0 || !runJson.ok || !isObject(runJson.value)) return { runId, findings }
  const { events } = journal
  return { run: { directory, sources: directory, runId, events, runJson: runJson.value, findings } }
}

/** Looks at everything, so that a person who has to repair the directory learns all of it at once. */
export function inspectRun(directory: RunDirectory): InspectedRun {
  const journal = readJournalFiles(directory)
  const runJson = readJsonFile(directory, 'run.json')
  const runId = runIdOf(runJson, journal) ?? basename(directory.path)
  const findings = [
    ...directory.findings,
    ...journal.findings,
    ...checkSequence(journal.names),
    ...checkTail(directory, journal.names),
    ...checkEffects(directory, journal.events),
    ...checkBlobs(directory),
    ...checkRunFile(runJson),
    ...checkName(runId),
    ...checkStart(journal, runId),
    ...checkInputs(directory, journal),
  ].toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
  return { runId, journal, runJson, findings }
}

/** What `run.json` says, else the first event; whether they agree is `checkStart`'s part. */
function runIdOf(runJson: JsonFile, { events }: JournalFiles): string | undefined {
  const said = runJson.ok && isObject(runJson.value) ? runJson.value['runId'] : events[0]?.data['runId']
  return typeof said === 'string' && said !== '' ? said : undefined
}

function checkRunFile(runJson: JsonFile): Finding[] {
  const file = 'run.json'
  if (!runJson.ok)
    return [{ file, code: runJson.missing ? 'missing-file' : 'unparsable', detail: runJson.why }]
  if (!isObject(runJson.value)) return [{ file, code: 'unparsable', detail: 'does not hold a JSON object' }]
  const { layoutVersion } = runJson.value
  if (layoutVersion === knownLayout) return []
  return [
    {
      file,
      code: 'unsupported-layout',
      detail: `has the layout ${told(layoutVersion)}; known is ${knownLayout}`,
    },
  ]
}

/** The journal must begin with the creation of this very run; where its first file is gone or unreadable, that is told already. */
function checkStart({ names, events }: JournalFiles, runId: string): Finding[] {
  if (names.length === 0) return [{ file: 'journal', code: 'missing-file', detail: 'holds no event' }]
  const first = events[0]
  if (first?.seq !== 1) return []
  const { file, type, data } = first
  if (type !== 'RUN_CREATED')
    return [{ file, code: 'wrong-run', detail: 'is the first event, but not RUN_CREATED' }]
  if (data['runId'] === runId) return []
  return [
    {
      file,
      code: 'wrong-run',
      detail: `creates the run ${told(data['runId'])}, but run.json is of the run ${runId}`,
    },
  ]
}

function checkInputs(directory: RunDirectory, { events }: JournalFiles): Finding[] {
  const ref = events.find(({ type }) => type === 'RUN_CREATED')?.data['inputsRef']
  const inputs = readJsonFile(directory, ref)
  if (ref === undefined || inputs.ok) return []
  return [{ file: told(ref), code: inputs.missing ? 'missing-file' : 'unparsable', detail: inputs.why }]
}

/** That tool takes any text as a run id; a stream cannot be named by any text. */
function checkName(runId: string): Finding[] {
  try {
    parseStream(`run/${runId}`)
    return []
  } catch (error) {
    if (error instanceof DaybookError)
      return [
        {
          file: 'run.json',
          code: 'bad-name',
          detail: `has a run id that cannot name a stream: ${error.message}`,
        },
      ]
    throw error
  }
}

/** A spilled value carries the SHA-256 of its bytes in its name. */
function checkBlobs(directory: RunDirectory): Finding[] {
  const findings: Finding[] = []
  for (const { path, sha256 } of directory.files.values()) {
    const named = /^tasks\/[^/]+\/blobs\/.+-([0-9a-f]{64})\.json$/.exec(path)?.[1]
    if (named !== undefined && named !== sha256)
      findings.push({
        file: path,
        code: 'changed-blob',
        detail: 'was changed: its content does not have the hash in its name',
      })
  }
  return findings
}

/** One message for people, and the findings in the details for programs. Code `damaged-run`. */
export function damagedRun(at: { runId: string; path: string }, findings: readonly Finding[]): DaybookError {
  const head = `The run ${at.runId} in ${at.path} is damaged; nothing of it was imported.`
  const next =
    'Bring these files back from a copy of the directory and import it again, or import what is sound: --lenient.'
  const details = { runId: at.runId, path: at.path, findings: findings.map((finding) => ({ ...finding })) }
  return new DaybookError('damaged-run', [head, ...findingLines(findings), next].join('\n'), { details })
}
