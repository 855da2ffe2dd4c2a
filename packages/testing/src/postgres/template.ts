import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { madeOnce } from '../made-once.ts'

/** What databases of tests hold from their beginning. */
export interface DatabaseContent {
  /** Two contents of the same name are taken to be the same. Letters, digits and hyphens. */
  name: string
  /** Puts it into an empty database, and leaves no connection behind. */
  fill: (url: string) => Promise<unknown>
}

/** Where the folder of a template says which database it is. */
const NAME_FILE = 'database'
const PREFIX = 'template-'

/** The name of the database with this content that all tests of this run copy; whoever asks first makes it. */
export async function templateWith(
  { name, fill }: DatabaseContent,
  createEmpty: () => Promise<AsyncDisposable & { readonly url: string }>,
): Promise<string> {
  const folder = await madeOnce(`${PREFIX}${name}`, async (draft) => {
    await using stack = new AsyncDisposableStack()
    const { url } = stack.use(await createEmpty())
    await fill(url)
    await writeFile(join(draft, NAME_FILE), new URL(url).pathname.slice(1))
    stack.move()
  })
  return readFile(join(folder, NAME_FILE), 'utf8')
}

/** Drops all templates of a test run: the server may outlive it. */
export async function dropTemplates(adminUrl: string, madeOnceFolder: string): Promise<void> {
  const folders = (await readdir(madeOnceFolder)).filter((name) => name.startsWith(PREFIX))
  const client = new Client({ connectionString: adminUrl })
  await client.connect()
  try {
    for (const folder of folders) {
      const name = await readFile(join(madeOnceFolder, folder, NAME_FILE), 'utf8').catch(() => undefined)
      if (name !== undefined) await client.query(`drop database if exists ${name} with (force)`)
    }
  } finally {
    await client.end()
  }
}
