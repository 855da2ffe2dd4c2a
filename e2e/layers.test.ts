import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** A package may depend only on layers above its own line. `testing` is for tests: nothing may ship with it. */
const layers = [
  ['errors'],
  ['events', 'nats-server'],
  ['bus', 'database', 'object-store', 'runtime'],
  ['client'],
  ['eventing'],
  ['journal', 'projection', 'inbound', 'cron', 'gateway'],
  ['stack'],
  ['cli'],
  ['testing'],
  ['bench', 'e2e'],
]

interface Manifest {
  name: string
  dependencies?: Record<string, string>
}

const root = join(import.meta.dirname, '..')

function readManifest(folder: string): Manifest {
  const manifest: Manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  return manifest
}

const folders = [
  ...['packages', 'services'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name)),
  ),
  'bench',
  'e2e',
]
const manifests = folders.map(readManifest)

function rankOf(name: string): number {
  return layers.findIndex((layer) => layer.includes(name.slice('@daybook/'.length)))
}

function sourcesOf(folder: string): { path: string; text: string }[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
  return entries
    .filter(
      (entry) =>
        entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name) && !/node_modules|dist/.test(entry.parentPath),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: path.slice(root.length + 1), text: readFileSync(path, 'utf8') }))
}

describe('the layers', () => {
  it.each(manifests)('$name depends on lower layers only', ({ name, dependencies = {} }) => {
    const ours = Object.keys(dependencies).filter((dependency) => dependency.startsWith('@daybook/'))
    expect(rankOf(name)).not.toBe(-1)
    expect(ours.filter((dependency) => rankOf(dependency) >= rankOf(name))).toEqual([])
  })

  const shipped = folders.filter(
    (folder) => /^(packages|services)\//.test(folder) && !folder.endsWith('testing'),
  )
  const sources = shipped.flatMap((folder) => sourcesOf(join(folder, 'src')))

  it.each([
    { what: 'NATS', pattern: /from '@nats-io\//, home: /^packages\/bus\// },
    { what: 'Postgres drivers', pattern: /from '(pg|@electric-sql\/[^']+)'/, home: /^packages\/database\// },
    { what: 'process.env', pattern: /process\.env/, home: /\/main\.ts$/ },
  ])('keep $what in its one place', ({ pattern, home }) => {
    expect(sources.length).toBeGreaterThan(20)
    const strays = sources.filter(({ path, text }) => !home.test(path) && pattern.test(withoutComments(text)))
    expect(strays.map(({ path }) => path)).toEqual([])
  })

  it('keep infra out of the code', () => {
    expect(sources.filter(({ text }) => /from '[^']*infra\//.test(text)).map(({ path }) => path)).toEqual([])
  })
})

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}
