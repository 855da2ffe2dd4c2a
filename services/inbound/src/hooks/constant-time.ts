import { hash, timingSafeEqual } from 'node:crypto'

/**
 * Whether one of the given values is one of the expected ones. It takes as long whichever it is, and also when lengths
 * differ: hashes are compared, and all with all. No other place compares what a sender must not be able to guess.
 */
export function isAnyOf(given: readonly Uint8Array[], expected: readonly Uint8Array[]): boolean {
  const expectedHashes = expected.map(sha256)
  let isFound = false
  for (const hashOfGiven of given.map(sha256)) {
    for (const hashOfExpected of expectedHashes)
      isFound = timingSafeEqual(hashOfGiven, hashOfExpected) || isFound
  }
  return isFound
}

function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer')
}
