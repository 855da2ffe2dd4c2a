import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DaybookError } from '@daybook/errors'
import { Type } from 'typebox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../src/index.ts'

const schema = Type.Object({
  DATABASE_URL: Type.String({ format: 'uri' }),
  HTTP_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 7400 }),
  RATIO: Type.Optional(Type.Number()),
  LOG_LEVEL: Type.Union([Type.Literal('info'), Type.Literal('warn')], { default: 'info' }),
  VERBOSE: Type.Boolean({ default: false }),
})
const DATABASE_URL = 'postgres://localhost/daybook'

function faultsOf(env: Record<string, string>): DaybookError {
  try {
    readConfig(schema, env)
  } catch (error) {
    if (error instanceof DaybookError) return error
  }
  throw new Error('it was accepted')
}

describe('readConfig', () => {
  it('reads numbers and booleans from text and fills in defaults', () => {
    const config = readConfig(schema, {
      DATABASE_URL,
      HTTP_PORT: '80',
      RATIO: '0.5',
      VERBOSE: 'true',
      OTHER: 'x',
    })
    expect(config).toEqual({ DATABASE_URL, HTTP_PORT: 80, RATIO: 0.5, LOG_LEVEL: 'info', VERBOSE: true })
    expect(Object.isFrozen(config)).toBe(true)
  })

  it('takes an empty variable for an absent one', () => {
    expect(readConfig(schema, { DATABASE_URL, HTTP_PORT: '', RATIO: '' })).not.toHaveProperty('RATIO')
  })

  it('reports all faults at once and never a value', () => {
    const error = faultsOf({ HTTP_PORT: 'canary-80', RATIO: '1e400', LOG_LEVEL: 'canary', VERBOSE: 'yes' })
    expect(error.code).toBe('invalid-usage')
    expect(error.details?.['faults']).toEqual([
      { name: 'DATABASE_URL', expected: 'a URL; it is not set' },
      { name: 'HTTP_PORT', expected: 'an integer from 0 to 65535' },
      { name: 'RATIO', expected: 'a number' },
      { name: 'LOG_LEVEL', expected: 'one of info, warn' },
      { name: 'VERBOSE', expected: 'true or false' },
    ])
    expect(`${error.message}${JSON.stringify(error.details)}`).not.toContain('canary')
  })

  it.each(['80 ', '0x50', '8e1', '080', '80.0', '70000', '-1'])(
    'does not take %j for a port',
    (HTTP_PORT) => {
      expect(faultsOf({ DATABASE_URL, HTTP_PORT }).message).toContain('HTTP_PORT')
    },
  )

  describe('with X_FILE', () => {
    let directory: string
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'daybook-config-'))
    })
    afterEach(() => rmSync(directory, { recursive: true }))

    it('reads the value from the file, without the line feed at its end', () => {
      const path = join(directory, 'url')
      writeFileSync(path, `${DATABASE_URL}\n`)
      expect(readConfig(schema, { DATABASE_URL_FILE: path }).DATABASE_URL).toBe(DATABASE_URL)
    })

    it('refuses a file that is not there, and a value in both places', () => {
      expect(faultsOf({ DATABASE_URL_FILE: join(directory, 'none') }).message).toContain('DATABASE_URL_FILE')
      expect(faultsOf({ DATABASE_URL, DATABASE_URL_FILE: directory }).message).toContain('not both')
    })
  })
})
