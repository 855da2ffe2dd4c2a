import { createHash, createHmac } from 'node:crypto'
import type { Heard } from './http-listener.ts'

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/**
 * Whether a request is signed by AWS Signature Version 4, computed here from what came over the wire and from nothing
 * that the client has: the strict half of an S3-compatible server.
 */
export function isSigned({ method, path, headers, body }: Heard, secret: string): boolean {
  const [, date, region, names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? []
  if (date === undefined || region === undefined) return false
  if (headers['x-amz-content-sha256'] !== sha256(body)) return false
  const signed = names.split(';')
  // Whatever is not signed, somebody on the way can change.
  const mustBeSigned = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))]
  if (!mustBeSigned.every((name) => signed.includes(name))) return false
  const canonical = [
    method,
    path,
    '',
    ...signed.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    sha256(body),
  ].join('\n')
  const scope = `${date}/${region}/s3/aws4_request`
  const toSign = `AWS4-HMAC-SHA256\n${String(headers['x-amz-date'])}\n${scope}\n${sha256(canonical)}`
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), 's3'), 'aws4_request')
  return hmac(key, toSign).toString('hex') === signature
}
