import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openCheckpoint, parseVerifierKey, splitNotes } from '@daybook/events'
import { createTempFolder, freePort, itWithServer, startProcess, waitFor } from '@daybook/testing'
import { describe, expect, it } from 'vitest'
import { readSealerConfig } from '../src/seal/config.ts'
import { openKeyFile } from '../src/seal/key-file.ts'
import { createJournalDatabase, log, openJournalService } from './service-fixture.ts'

const main = join(import.meta.dirname, '..', 'dist', 'main.js')
const ORIGIN = 'test.example/journal'

describe('the sealer as a process', () => {
  itWithServer(
    'makes its key, seals with the rights of its role, anchors, and goes on after being killed',
    async () => {
      await using test = await createJournalDatabase()
      await using journal = await openJournalService(test.connect())
      await using folder = await createTempFolder()
      const url = new URL(test.test.url ?? '')
      url.searchParams.set('options', '-c role=daybook_sealer')
      const port = await freePort()
      const anchors = join(folder.path, 'anchors.txt')
      const keys = join(folder.path, 'seal')
      await journal.append([log('run/a', '1'), log('run/a', '2')])
      await using sealer = await startProcess({
        command: process.execPath,
        args: [main, 'seal'],
        env: {
          DATABASE_URL: url.href,
          ORIGIN,
          SEAL_FOLDER: keys,
          SEAL_INTERVAL_MS: '1000',
          SEAL_EVENTS: '1',
          ANCHOR_FILE: anchors,
          ANCHOR_INTERVAL_MS: '1000',
          HTTP_PORT: String(port),
        },
        readyWhen: async () =>
          (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok === true,
      })
      const anchored = async (): Promise<string[]> =>
        splitNotes(await readFile(anchors, 'utf8').catch(() => ''))
      await waitFor(async () => (await anchored()).length === 1, {
        what: 'the first checkpoint at the anchor',
      })
      await sealer.kill()
      await journal.append([log('run/a', '3')])
      await sealer.restart()
      await waitFor(async () => (await anchored()).length === 2, {
        what: 'the second checkpoint at the anchor',
      })
      // The same key as before, and nobody else may read it.
      const verifier = parseVerifierKey(await readFile(join(keys, 'seal.pub'), 'utf8'))
      const sizes = (await anchored()).map((note) => {
        const opened = openCheckpoint(note, [verifier])
        return 'reason' in opened ? opened.reason : opened.checkpoint.size
      })
      expect(sizes).toEqual([2, 3])
      expect((await stat(join(keys, 'seal.key'))).mode & 0o777).toBe(0o600)
      const secret = (await readFile(join(keys, 'seal.key'), 'utf8')).trim()
      expect(sealer.output).toContain(verifier.text)
      expect(sealer.output).not.toContain(secret.slice(-20))
      expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toMatch(
        /daybook_anchor_age_seconds/,
      )
      expect((await sealer.stop()).code).toBe(0)
    },
  )
})

describe('the settings of the sealer', () => {
  const base = { DATABASE_URL: 'postgres://x' }

  it.each([
    [{}, /SEAL_KEY \(or SEAL_KEY_FILE\) to the key, or SEAL_FOLDER/],
    [{ SEAL_KEY: 'x', SEAL_FOLDER: 'y' }, /one of them/],
    [{ SEAL_FOLDER: 'y', ORIGIN: 'with blank' }, /ORIGIN has no blanks/],
    [{ SEAL_FOLDER: 'y', ANCHOR_URL: 'https://user:password@example.com' }, /a URL without a name/],
    [{ SEAL_FOLDER: 'y', ANCHOR_URL: 'file:///etc/passwd' }, /a URL without a name/],
    [{ SEAL_FOLDER: 'y', ANCHOR_S3: 'https://bucket' }, /s3:\/\/bucket\/prefix/],
  ])('are refused: %j', (env, message) => {
    expect(() => readSealerConfig({ ...base, ...env })).toThrow(message)
  })

  it('name a key that is for another journal', async () => {
    await using folder = await createTempFolder()
    await openKeyFile(folder.path, ORIGIN)
    await expect(openKeyFile(folder.path, 'test.example/other')).rejects.toMatchObject({
      code: 'invalid-usage',
    })
  })
})
