import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** A bucket over HTTP that believes no request whose signature it cannot make itself. */
export interface S3Server extends AsyncDisposable {
  readonly url: string
  readonly files: Map<string, { content: Buffer; headers: IncomingMessage['headers'] }>
  /** So many requests are answered with 503 before the next is taken. */
  failNext(times: number): void
}

export interface S3Key {
  accessKeyId: string
  secretAccessKey: string
  region: string
}

const hash = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')
const mac = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest()

/** By the specification and not by our code: the signer and this must agree. */
function isSigned(request: IncomingMessage, body: Buffer, key: S3Key): boolean {
  const { authorization = '', host = '' } = request.headers
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request,SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
      authorization,
    )
  if (parts === null) return false
  const [, accessKeyId, day, region, names = '', signature = ''] = parts
  const date = String(request.headers['x-amz-date'])
  const isRecent = date.startsWith(day ?? '-') && /^\d{8}T\d{6}Z$/.test(date)
  if (accessKeyId !== key.accessKeyId || region !== key.region || !isRecent) return false
  if (!names.split(';').includes('host') || host === '') return false
  if (request.headers['x-amz-content-sha256'] !== hash(body)) return false
  const url = new URL(request.url ?? '/', `http://${host}`)
  const canonical = [
    request.method,
    url.pathname,
    '',
    ...names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    names,
    hash(body),
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', date, `${day}/${region}/s3/aws4_request`, hash(canonical)].join('\n')
  const secret = [day ?? '', key.region, 's3', 'aws4_request'].reduce<Buffer>(
    (before, part) => mac(before, part),
    Buffer.from(`AWS4${key.secretAccessKey}`),
  )
  return timingSafeEqual(mac(secret, toSign), Buffer.from(signature, 'hex'))
}

export async function startS3Server(key: S3Key): Promise<S3Server> {
  const files: S3Server['files'] = new Map()
  let failures = 0
  const answer = (request: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname)
    if (failures > 0) {
      failures -= 1
      return response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')
    }
    if (!isSigned(request, body, key))
      return response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>')
    if (request.method === 'PUT') files.set(path, { content: body, headers: request.headers })
    if (request.method === 'DELETE') files.delete(path)
    if (request.method !== 'GET') return response.writeHead(request.method === 'DELETE' ? 204 : 200).end()
    const file = files.get(path)
    return file === undefined
      ? response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
      : response.writeHead(200).end(file.content)
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => answer(request, Buffer.concat(chunks), response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    files,
    failNext: (times) => {
      failures = times
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
