import { DaybookError, type JsonValue } from '@daybook/errors'
import {
  ACCOUNT_PATTERN,
  type InboundLimits,
  inboundLimitsOf,
  inboundLimitsSchema,
  parseJson,
  SOURCE_PATTERN,
} from '@daybook/events'
import type { Environment } from '@daybook/runtime'
import { Type } from 'typebox'
import { Check } from 'typebox/value'
import { badSources, type Fault, faultsOf } from './faults.ts'
import type { Hook } from './hooks/hook.ts'
import { type HookPlace, readHook } from './hooks/read-hook.ts'

/** What is configured for each source of messages. */
export interface Sources {
  /** Of any source: what is not set for it is as set for `*`, or the default. */
  readonly limitsOf: (source: string) => InboundLimits
  /** Where the webhooks of an account come in; undefined when it has none. */
  readonly hookOf: (source: string, account: string) => Hook | undefined
}

/** The limits of all sources that do not say otherwise. */
const ALL_OTHERS = '*'

const closed = { additionalProperties: false }
const someLimits = Type.Partial(inboundLimitsSchema, closed)
const fileSchema = Type.Object({ sources: Type.Record(Type.String(), Type.Unknown()) }, closed)
const sourceSchema = Type.Object(
  { limits: Type.Optional(someLimits), hooks: Type.Optional(Type.Record(Type.String(), Type.Unknown())) },
  closed,
)

const sourceName = new RegExp(SOURCE_PATTERN)
const accountName = new RegExp(ACCOUNT_PATTERN)

/**
 * Reads the JSON text of the file of sources, and the secrets that it names. Without text, all sources have the usual
 * limits and there are no webhooks. All faults are reported at once, by their places and without values: `invalid-usage`.
 * A source has each account once (equal keys are refused), so an account belongs to one tenant.
 */
export function readSources(text: string | undefined, environment: Environment): Sources {
  const limits = new Map<string, Partial<InboundLimits>>()
  const hooks = new Map<string, Hook>()
  const faults: Fault[] = []
  for (const [source, value] of Object.entries(text === undefined ? {} : sourcesIn(text))) {
    const at = `/sources/${source}`
    faults.push(...faultsOfName(source, at), ...faultsOf(sourceSchema, value, at))
    if (!Check(sourceSchema, value)) continue
    limits.set(source, value.limits ?? {})
    for (const [account, settings] of Object.entries(value.hooks ?? {})) {
      const place = { source, account, at: `${at}/hooks/${account}` }
      const read = openHookAt(place, settings, environment)
      if ('hook' in read) hooks.set(nameOf(source, account), read.hook)
      else faults.push(...read.faults)
    }
  }
  if (faults.length > 0) throw badSources(faults)
  return sourcesOf(limits, hooks)
}

function sourcesOf(
  given: ReadonlyMap<string, Partial<InboundLimits>>,
  hooks: ReadonlyMap<string, Hook>,
): Sources {
  const others = given.get(ALL_OTHERS) ?? {}
  const usual = inboundLimitsOf(others)
  const limits = new Map<string, InboundLimits>()
  for (const [source, own] of given) limits.set(source, inboundLimitsOf({ ...others, ...own }))
  return {
    limitsOf: (source) => limits.get(source) ?? usual,
    hookOf: (source, account) => hooks.get(nameOf(source, account)),
  }
}

function sourcesIn(text: string): Record<string, unknown> {
  const value = jsonOf(text)
  if (!Check(fileSchema, value)) throw badSources(faultsOf(fileSchema, value, ''))
  return value.sources
}

function jsonOf(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch (cause) {
    const detail = cause instanceof DaybookError ? cause.message : 'it cannot be read'
    const message = `The file that SOURCES_FILE names is not the JSON it has to be. ${detail}`
    throw new DaybookError('invalid-usage', message, { cause })
  }
}

function openHookAt(
  place: HookPlace,
  settings: unknown,
  environment: Environment,
): ReturnType<typeof readHook> {
  const { source, account, at } = place
  if (source === ALL_OTHERS) return { faults: [{ path: at, detail: 'webhooks belong to one source' }] }
  const read = readHook(place, settings, environment)
  if (accountName.test(account)) return read
  const detail =
    'is not the name of an account: up to 64 of A-Z, a-z, 0-9, _ and -, the first a letter or a digit'
  return { faults: [{ path: at, detail }, ...('faults' in read ? read.faults : [])] }
}

function faultsOfName(source: string, path: string): Fault[] {
  if (source === ALL_OTHERS || sourceName.test(source)) return []
  return [{ path, detail: 'is not the name of a source: a letter, then up to 31 of a-z, 0-9 and -' }]
}

/** Neither name can hold a slash. */
function nameOf(source: string, account: string): string {
  return `${source}/${account}`
}
