import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describeWithServer, waitFor } from '@daybook/testing'
import { expect, it } from 'vitest'
import { asGateway, deploy } from './deployment.ts'
import { runHistory } from './run-history.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PRODUCER = 'b7ad6b7169203331'

interface Span {
  service: string
  name: string
  traceId: string
  spanId: string
  parentSpanId: string
  links?: { spanId: string }[]
}

/** A collector of traces that speaks OTLP over HTTP and keeps what it is sent. */
async function openCollector() {
  const spans: Span[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.url === '/v1/traces') spans.push(...spansIn(Buffer.concat(chunks).toString()))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has an address and a port
  const { port } = server.address() as AddressInfo
  return {
    spans,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function spansIn(text: string): Span[] {
  const body: any = JSON.parse(text)
  return body.resourceSpans.flatMap((one: any) =>
    one.scopeSpans.flatMap(({ spans }: any) =>
      spans.map((span: any) => ({ ...span, service: one.resource.attributes[0].value.stringValue })),
    ),
  )
}

describeWithServer('the trace of an event', () => {
  it('goes from its producer through append, relay and projection, each in its own process', async () => {
    await using collector = await openCollector()
    await using deployment = await deploy({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } })
    await using daybook = await deployment.connect({ overNats: true })
    const [created, ...others] = runHistory(daybook, 'traced', 1)
    if (created === undefined) throw new Error('the history is empty')
    await daybook.append([{ ...created, traceparent: `00-${TRACE}-${PRODUCER}-01` }, ...others])

    await waitFor(() => collector.spans.length >= 3, { timeoutMs: 30_000, what: 'three spans' })
    const [append, apply, relay] = collector.spans.toSorted((a, b) => a.name.localeCompare(b.name))
    expect([append, relay, apply]).toMatchObject([
      { service: 'daybook-journal', name: 'daybook append', traceId: TRACE, parentSpanId: PRODUCER },
      { service: 'daybook-journal', name: 'daybook relay', traceId: TRACE, parentSpanId: append?.spanId },
      { service: 'daybook-projection', name: 'daybook apply', traceId: TRACE, parentSpanId: append?.spanId },
    ])
    expect(apply?.links?.map(({ spanId }) => spanId)).toEqual([relay?.spanId])
    // The other events of the request have no trace, and a repetition adds nothing to it.
    await daybook.append([{ ...created, traceparent: `00-${TRACE}-${PRODUCER}-01` }])
    await deployment.journal.stop()
    await deployment.projection.stop()
    expect(collector.spans).toHaveLength(3)
  })

  it('names itself in the lines that are logged of its request', async () => {
    await using deployment = await deploy({ env: { LOG_LEVEL: 'info' } })
    await fetch(`${deployment.journalUrl}/v1/events`, {
      method: 'POST',
      headers: {
        ...asGateway(),
        'content-type': 'application/json',
        traceparent: `00-${TRACE}-${PRODUCER}-01`,
      },
      body: '{}',
    })
    const line = await waitFor(
      () =>
        deployment.journal.output
          .split('\n')
          .find((text) => text.includes('request answered') && text.includes(TRACE)),
      { what: 'the line' },
    )
    expect(JSON.parse(line)).toMatchObject({ traceId: TRACE, route: '/v1/events', status: 400 })
  })
})
