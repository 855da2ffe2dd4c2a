import { readFileSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Names of metrics as the code gives them, without the prefix. */
async function namesInCode(): Promise<string[]> {
  const names: string[] = []
  for await (const path of glob('{packages,services}/*/src/**/*.ts', { cwd: root })) {
    const text = await readFile(join(root, path), 'utf8')
    for (const [, name] of text.matchAll(/\.(?:counter|gauge|histogram)(?:<[^>]*>)?\(\{\s*name: '(\w+)'/g))
      names.push(name ?? '')
  }
  return [...new Set(names)].toSorted()
}

function namesInTable(text: string): string[] {
  const section = text.split('## Metrics')[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name ?? '').toSorted()
}

describe('the metrics', () => {
  let code: string[]
  beforeAll(async () => {
    code = await namesInCode()
  })

  it('are all in docs/operations.md, and no others are', () => {
    expect(code.length).toBeGreaterThan(20)
    expect(namesInTable(readFileSync(join(root, 'docs/operations.md'), 'utf8'))).toEqual(code)
  })

  it('are what the dashboard, the alerts and the advice ask for', () => {
    for (const path of ['infra/grafana/daybook.json', 'infra/prometheus/alerts.yml', 'docs/operations.md']) {
      const asked = readFileSync(join(root, path), 'utf8').matchAll(/daybook_(\w+)/g)
      const unknown = [...asked]
        .map(([, name = '']) => name.replace(/_(bucket|sum|count)$/, ''))
        .filter((name) => !code.includes(name) && name !== '')
      // `daybook_journal` and its like are roles of the database.
      const roles = [
        'owner',
        'journal',
        'projection',
        'inbound',
        'cron',
        'gateway',
        'reader',
        'sealer',
        'archive',
      ]
      expect(
        unknown.filter((name) => !roles.includes(name)),
        path,
      ).toEqual([])
    }
  })
})
