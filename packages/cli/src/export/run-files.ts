import type { JsonObject } from '@daybook/errors'
import type { EffectLedger } from './effect-ledger.ts'
import { jsonFileText } from './event-file.ts'
import type { ExportedFile } from './value-file.ts'

/** What the tool has in each run directory; the folders named here are not part of the record. */
export const gitignore: ExportedFile = {
  path: '.gitignore',
  content: 'state/\ntasks/*/artifacts/\nblobs/\norphaned/\n',
}

/** The one layout that both versions of the tool read. */
const layoutVersion = '2026.01-storage-preview'

/** The last of the tool's own events about which process a run has. */
export interface RunOrigin {
  readonly runId: string
  /** The data of `RUN_CREATED`; empty when the run has none. */
  readonly created: JsonObject
  /** When it was created, ISO 8601. */
  readonly createdAt: string
  /** The data of the last `PROCESS_ASSIGNED`. */
  readonly assigned: JsonObject
}

/** `run.json`. The proof of completion is the tool's secret; where it is missing, the tool derives one. */
export function runFile({ runId, created, createdAt, assigned }: RunOrigin): ExportedFile {
  const { processId = 'unknown', entrypoint = { importPath: '', exportName: '' } } = {
    ...created,
    ...assigned,
  }
  const {
    request = processId,
    harness,
    processRevision,
    prompt,
    nonInteractive,
    cwd,
    processCodeHash,
  } = created
  const { inputSchema, outputSchema, governance, nested } = created
  const content = {
    runId,
    request,
    processId,
    harness,
    entrypoint,
    processPath: importPathOf(entrypoint),
    processRevision,
    layoutVersion,
    createdAt: created['createdAt'] ?? createdAt,
    cwd,
    prompt,
    nonInteractive,
    processCodeHash,
    nested,
    inputSchema,
    outputSchema,
    governance,
  }
  return { path: 'run.json', content: jsonFileText(content) }
}

function importPathOf(entrypoint: JsonObject[string]): string {
  const isKnown = typeof entrypoint === 'object' && entrypoint !== null && 'importPath' in entrypoint
  return isKnown && typeof entrypoint['importPath'] === 'string' ? entrypoint['importPath'] : ''
}

/** The last event file. */
export interface DirectoryHead {
  readonly seq: number
  readonly ulid: string
}

/** `state/state.json`: what the tool would make of the journal itself, so that it need not complain of a missing cache. */
export function stateFile(head: DirectoryHead, savedAt: string, ledger: EffectLedger): ExportedFile {
  const effects = [...ledger.values()]
  const pending = new Map<string, number>()
  for (const { kind, status } of effects)
    if (status === 'requested') pending.set(kind, (pending.get(kind) ?? 0) + 1)
  const content = {
    schemaVersion: '2026.01.state-cache',
    savedAt,
    journalHead: head,
    stateVersion: head.seq,
    effectsByInvocation: Object.fromEntries(effects.map((effect) => [effect.invocationKey, effect])),
    pendingEffectsByKind: Object.fromEntries(pending),
    rebuildReason: 'daybook_export',
  }
  return { path: 'state/state.json', content: jsonFileText(content) }
}
