import { describe, expect, it } from 'vitest'
import { sha256Hex, signRequest } from '../src/signature.ts'

// The examples of "Signature Calculations for the Authorization Header" in the Amazon S3 API reference.
const key = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
}
const at = new Date('2013-05-24T00:00:00Z')
const empty = sha256Hex('')

function signatureOf(request: {
  method: string
  url: string
  headers?: Record<string, string>
  body?: string
}): string {
  const { method, url, headers = {}, body } = request
  const payloadSha256 = body === undefined ? empty : sha256Hex(body)
  const signed = signRequest({ method, url: new URL(url), headers, payloadSha256 }, key, at)
  return /Signature=([0-9a-f]{64})$/.exec(signed['authorization'] ?? '')?.[1] ?? ''
}

describe('a signature of version 4', () => {
  it('is that of the published GET of an object', () => {
    const url = 'https://examplebucket.s3.amazonaws.com/test.txt'
    expect(signatureOf({ method: 'GET', url, headers: { range: 'bytes=0-9' } })).toBe(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    )
  })

  it('is that of the published PUT of an object', () => {
    const headers = { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' }
    const url = 'https://examplebucket.s3.amazonaws.com/test%24file.text'
    expect(signatureOf({ method: 'PUT', url, headers, body: 'Welcome to Amazon S3.' })).toBe(
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    )
  })

  it.each([
    [
      'lifecycle',
      'https://examplebucket.s3.amazonaws.com/?lifecycle',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'a list',
      'https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('is that of the published GET of %s', (_what, url, signature) => {
    expect(signatureOf({ method: 'GET', url })).toBe(signature)
  })
})
