import { findRoute } from './route-table.ts'

/** As much of an OpenAPI document as merging needs to know. */
export interface ApiDocument {
  openapi: string
  info?: unknown
  paths?: Readonly<Record<string, object | undefined>>
  components?: { schemas?: Readonly<Record<string, unknown>> }
  'x-daybook-missing'?: string[]
}

export function isApiDocument(value: unknown): value is ApiDocument {
  return typeof value === 'object' && value !== null && 'openapi' in value && 'paths' in value
}

/**
 * Puts the documents of the services into the gateway's own. Only operations that the route table makes public are
 * taken. Two services may use a schema name for different things: the later one is then renamed, with its references.
 * `x-daybook-missing` lists the services that did not answer.
 */
export function mergeDocuments(
  own: ApiDocument,
  documents: ReadonlyMap<string, ApiDocument | undefined>,
): ApiDocument {
  const paths = { ...own.paths }
  const schemas = { ...own.components?.schemas }
  const missing: string[] = []
  for (const [name, document] of documents) {
    if (document === undefined) {
      missing.push(name)
      continue
    }
    const { renamed, added } = settleNames(schemas, document.components?.schemas ?? {}, name)
    Object.assign(schemas, renameReferences(added, renamed))
    for (const [path, operations] of publicPaths(document)) {
      paths[path] = { ...paths[path], ...renameReferences(operations, renamed) }
    }
  }
  const merged = { ...own, paths, components: { ...own.components, schemas } }
  return missing.length === 0 ? merged : { ...merged, 'x-daybook-missing': missing }
}

function publicPaths(document: ApiDocument): [string, Record<string, unknown>][] {
  return Object.entries(document.paths ?? {}).flatMap(([path, operations]) => {
    const shown = Object.entries(operations ?? {}).filter(([method]) => findRoute(method, path) !== undefined)
    return shown.length === 0 ? [] : [[path, Object.fromEntries(shown)]]
  })
}

function settleNames(
  taken: Record<string, unknown>,
  schemas: Readonly<Record<string, unknown>>,
  service: string,
) {
  const renamed = new Map<string, string>()
  const added: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(schemas)) {
    const isSame = !(name in taken) || JSON.stringify(taken[name]) === JSON.stringify(schema)
    const settled = isSame ? name : `${service}.${name}`
    if (!isSame) renamed.set(reference(name), reference(settled))
    added[settled] = schema
  }
  return { renamed, added }
}

function reference(name: string): string {
  return `#/components/schemas/${name}`
}

function renameReferences(
  value: Record<string, unknown>,
  renamed: ReadonlyMap<string, string>,
): Record<string, unknown> {
  if (renamed.size === 0) return value
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
    key === '$ref' && typeof inner === 'string' ? (renamed.get(inner) ?? inner) : inner,
  )
}
