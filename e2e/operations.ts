/** One operation of the API, as its document describes it. */
export interface Operation {
  /** `GET /v1/runs/{id}` */
  readonly name: string
  readonly method: string
  readonly path: string
  /** What its `security` names; undefined for what asks for no token. */
  readonly scope: string | undefined
}

interface Document {
  paths: Record<string, Record<string, { security?: Record<string, string[]>[] }>>
}

/** Every operation that the gateway describes. */
export async function readOperations(gatewayUrl: string): Promise<Operation[]> {
  const response = await fetch(`${gatewayUrl}/v1/openapi.json`)
  const document: Document = JSON.parse(await response.text())
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      scope: security?.[0]?.['token']?.[0],
    })),
  )
}

/** Asks for it with a header `Authorization`, or with none; `values` stand for what the path names. */
export async function ask(
  gatewayUrl: string,
  { method, path }: Operation,
  authorization: string | undefined,
  values: Readonly<Record<string, string>> = {},
): Promise<{ status: number; challenge: string | null; text: string }> {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? 'x'))
  const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
  const response = await fetch(`${gatewayUrl}${filled}`, {
    method,
    headers: {
      ...(authorization !== undefined && { authorization }),
      ...(hasBody && { 'content-type': 'application/json' }),
    },
    // Says nothing: whoever is let in is refused for that.
    ...(hasBody && { body: '{}' }),
  })
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    text: await response.text(),
  }
}
