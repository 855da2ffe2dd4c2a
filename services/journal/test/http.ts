import type { JournalFixture } from './service-fixture.ts'

/** One exchange with a journal's HTTP door. */
export async function send(
  { service }: JournalFixture,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
): Promise<{ status: number; body: any }> {
  const response = await fetch(`${service.http.url}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  return { status: response.status, body: await response.json() }
}
