/** A service whose doors are open. */
interface Asked {
  readonly service: { readonly http: { readonly url: string } }
}

interface Answer {
  status: number
  headers: Headers
  text: string
  // Whatever an answer may hold: a test says what it expects.
  body: any
}

/** Asks the service over HTTP; as an operator of `main`, unless `headers` say otherwise. */
export async function ask(
  { service }: Asked,
  path: string,
  {
    method = 'GET',
    body,
    headers = {},
  }: { method?: string; body?: object; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${service.http.url}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = /\/(.*\+)?json/.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  }
}
