import { readFileSync } from 'node:fs'
import { DaybookError } from '@daybook/errors'
import type { Static, TObject, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { expectationOf, fromText } from './setting.ts'

/** Environment variables: `process.env` has this type. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One setting that cannot be used. It never holds the value: that may be a secret put in the wrong place. */
interface ConfigFault {
  name: string
  expected: string
}

type Setting = { value: unknown } | { fault: ConfigFault }

/**
 * Reads the settings that `schema` names from environment variables. Text becomes a number only where the schema asks
 * for one and only if all of it is one; `true` and `false` are the booleans; an empty variable counts as absent; the
 * `default` of a schema fills in for an absent one. For every setting `X`, `X_FILE` may name a file with the value
 * instead (a container's secret).
 *
 * All faults are reported at once and without values: `invalid-usage`, with `details.faults`. The result is frozen.
 */
export function readConfig<Schema extends TObject>(
  schema: Schema,
  env: Environment,
): Readonly<Static<Schema>> {
  const faults: ConfigFault[] = []
  const values: Record<string, unknown> = {}
  const required = new Set<string>(schema.required)
  const properties: Record<string, TSchema> = schema.properties
  for (const [name, property] of Object.entries(properties)) {
    const setting = readSetting({ name, property, required: required.has(name) }, env)
    if ('fault' in setting) faults.push(setting.fault)
    else if (setting.value !== undefined) values[name] = setting.value
  }
  const check = Compile(schema)
  if (faults.length === 0 && check.Check(values)) return Object.freeze(values)
  throw badConfiguration(faults)
}

function readSetting(
  { name, property, required }: { name: string; property: TSchema; required: boolean },
  env: Environment,
): Setting {
  const expected = expectationOf(property)
  const text = readText(name, env)
  if (typeof text === 'object') return text
  if (text === undefined) {
    if ('default' in property) return { value: property.default }
    return required ? { fault: { name, expected: `${expected}; it is not set` } } : { value: undefined }
  }
  const value = fromText(text, property)
  return Compile(property).Check(value) ? { value } : { fault: { name, expected } }
}

/** The text of `X`, or of the file that `X_FILE` names; `undefined` when neither is set. */
function readText(name: string, env: Environment): string | undefined | { fault: ConfigFault } {
  const fileName = `${name}_FILE`
  const path = env[fileName] || undefined
  const text = env[name] || undefined
  if (path === undefined) return text
  if (text !== undefined) return { fault: { name, expected: `either ${name} or ${fileName}, not both` } }
  try {
    // Editors and `echo` end a file with a line feed that is no part of the secret.
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '') || undefined
  } catch {
    return { fault: { name: fileName, expected: 'a file that this process can read' } }
  }
}

function badConfiguration(faults: readonly ConfigFault[]): DaybookError {
  const lines = faults.map(({ name, expected }) => `  ${name}: expected ${expected}`)
  return new DaybookError(
    'invalid-usage',
    `Set these environment variables differently:\n${lines.join('\n')}`,
    {
      details: { faults: faults.map(({ name, expected }) => ({ name, expected })) },
    },
  )
}
