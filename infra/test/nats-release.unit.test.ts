import { describe, expect, it } from 'vitest'
import { checksumOf } from '../bootstrap/nats-release.mjs'

const linux = 'a'.repeat(64)
const mac = 'B'.repeat(64)
const checksums = `${linux}  server-linux.tar.gz\n${mac} *server-darwin.tar.gz\n`

describe('checksumOf', () => {
  it('finds the line of the file, in text and binary mode', () => {
    expect(checksumOf(checksums, 'server-linux.tar.gz')).toBe(linux)
    expect(checksumOf(checksums, 'server-darwin.tar.gz')).toBe(mac.toLowerCase())
  })

  it('finds nothing for a file that is not listed, so that its archive is refused', () => {
    expect(checksumOf(checksums, 'linux.tar.gz')).toBeUndefined()
    expect(checksumOf('<html>not found</html>', 'server-linux.tar.gz')).toBeUndefined()
  })
})
