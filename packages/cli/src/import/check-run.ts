import { DaybookError, type JsonObject } from '@daybook/errors'
import { parseStream } from '@daybook/events'
import { checkEffects } from './check-effects.ts'
import { checkSequence, checkTail } from './check-sequence.ts'
import type { Finding } from './finding.ts'
import { isObject, type OriginalEvent, readJournalFiles } from './journal-files.ts'
import { readJsonFile } from './json-file.ts'
import type { RunDirectory } from './read-directory.ts'

/** A run directory in which nothing is wrong. */
export interface SoundRun {
  readonly directory: RunDirectory
  readonly runId: string
  readonly events: readonly OriginalEvent[]
  readonly runJson: JsonObject
}

/** The one layout both versions of the tool write; another one may mean other rules. */
const knownLayout = '2026.01-storage-preview'

/** All that is wrong with a run directory, by file, or the run when it is sound. */
export function checkRun(directory: RunDirectory): { run: SoundRun } | { findings: readonly Finding[] } {
  const journal = readJournalFiles(directory)
  const runJson = readJsonFile(directory, 'run.json')
  const findings = [
    ...directory.findings,
    ...journal.findings,
    ...checkSequence(journal.events),
    ...checkTail(directory, journal.events),
    ...checkEffects(directory, journal.events),
    ...checkBlobs(directory),
    ...checkRunFile(directory, runJson),
    ...checkStart(directory, journal.events),
  ].toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
  if (findings.length > 0 || !runJson.ok || !isObject(runJson.value)) return { findings }
  return { run: { directory, runId: directory.runId, events: journal.events, runJson: runJson.value } }
}

function checkRunFile(directory: RunDirectory, runJson: ReturnType<typeof readJsonFile>): Finding[] {
  const file = 'run.json'
  if (!runJson.ok) return [{ file, code: runJson.missing ? 'missing-file' : 'unparsable', detail: runJson.why }]
  if (!isObject(runJson.value)) return [{ file, code: 'unparsable', detail: 'does not hold a JSON object' }]
  const { runId, layoutVersion } = runJson.value
  const findings: Finding[] = []
  if (runId !== directory.runId) findings.push(wrongRun(file, runId, directory.runId))
  if (layoutVersion !== knownLayout) {
    findings.push({ file, code: 'unsupported-layout', detail: `has the layout ${String(layoutVersion)}; known is ${knownLayout}` })
  }
  return findings
}

function wrongRun(file: string, found: unknown, expected: string): Finding {
  return { file, code: 'wrong-run', detail: `is of the run ${String(found)}, but the folder is named ${expected}` }
}

/** The journal must begin with the creation of this very run; where its first file is gone, that is a gap already. */
function checkStart(directory: RunDirectory, events: readonly OriginalEvent[]): Finding[] {
  const nameFault = checkName(directory.runId)
  const first = events[0]
  if (first === undefined) return [...nameFault, { file: 'journal', code: 'missing-file', detail: 'holds no sound event' }]
  if (first.seq !== 1) return nameFault
  if (first.type !== 'RUN_CREATED') return [...nameFault, { file: first.file, code: 'wrong-run', detail: 'is the first event, but not RUN_CREATED' }]
  if (first.data['runId'] !== directory.runId) return [...nameFault, wrongRun(first.file, first.data['runId'], directory.runId)]
  const inputsRef = first.data['inputsRef']
  if (inputsRef === undefined) return nameFault
  const inputs = readJsonFile(directory, String(inputsRef))
  if (inputs.ok) return nameFault
  return [...nameFault, { file: String(inputsRef), code: inputs.missing ? 'missing-file' : 'unparsable', detail: inputs.why }]
}

/** That tool takes any text as a run id; a stream cannot be named by any text. */
function checkName(runId: string): Finding[] {
  try {
    parseStream(`run/${runId}`)
    return []
  } catch (error) {
    if (error instanceof DaybookError) return [{ file: '.', code: 'bad-name', detail: `cannot name a stream: ${error.message}` }]
    throw error
  }
}

/** A spilled value carries the SHA-256 of its bytes in its name. */
function checkBlobs(directory: RunDirectory): Finding[] {
  const findings: Finding[] = []
  for (const { path, sha256 } of directory.files.values()) {
    const named = /^tasks\/[^/]+\/blobs\/.+-([0-9a-f]{64})\.json$/.exec(path)?.[1]
    if (named !== undefined && named !== sha256) findings.push({ file: path, code: 'changed-blob', detail: 'was changed: its content does not have the hash in its name' })
  }
  return findings
}

/** One message for people, and the findings in the details for programs. Code `damaged-run`. */
export function damagedRun(directory: RunDirectory, findings: readonly Finding[]): DaybookError {
  const shown = findings.slice(0, findingsShownMax).map(({ file, code, detail }) => `  ${file}: ${detail} (${code})`)
  const more = findings.length > findingsShownMax ? [`  … and ${findings.length - findingsShownMax} more`] : []
  const head = `The run ${directory.runId} in ${directory.path} is damaged; nothing of it was imported.`
  const next = 'Bring these files back from a copy of the directory and import it again.'
  const details = { runId: directory.runId, path: directory.path, findings: findings.map((finding) => ({ ...finding })) }
  return new DaybookError('damaged-run', [head, ...shown, ...more, next].join('\n'), { details })
}

/** A screen's worth; the JSON output has all of them. */
const findingsShownMax = 20
