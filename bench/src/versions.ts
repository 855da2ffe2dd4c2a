import { readFile } from 'node:fs/promises'

/** The exact version that package.json pins for a package measured here; Daybook's own for the workspace. */
export async function readVersions(): Promise<(name: string) => string> {
  const manifest: { version: string; dependencies: Record<string, string> } = JSON.parse(
    await readFile(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return (name) => manifest.dependencies[name] ?? manifest.version
}
