import { readFileSync } from 'node:fs'
import type { Environment } from '@daybook/runtime'
import type { SecretPlace } from './hook-settings.ts'

/** The text of a secret, or what is wrong with its place: in words that hold nothing of it, nor of its place. */
export function readSecret(
  { file, env }: SecretPlace,
  environment: Environment,
): { text: string } | { fault: string } {
  if (env !== undefined) {
    const text = environment[env]
    return text === undefined || text === '' ? { fault: 'the environment variable is not set' } : { text }
  }
  try {
    // Editors and `echo` end a file with a line feed that is no part of the secret.
    const text = readFileSync(file ?? '', 'utf8').replace(/\r?\n$/, '')
    return text === '' ? { fault: 'the file is empty' } : { text }
  } catch {
    return { fault: 'the file cannot be read by this process' }
  }
}
