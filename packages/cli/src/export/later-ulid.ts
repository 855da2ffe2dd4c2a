const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * `ulid` when it is greater than `previous`, otherwise the next one after `previous`. A directory's event files have to
 * grow in both halves of their names, while events of several producers may well not: their clocks differ.
 */
export function laterUlid(ulid: string, previous: string): string {
  return ulid > previous ? ulid : after(previous)
}

function after(ulid: string): string {
  const digits = Array.from(ulid)
  for (let index = digits.length - 1; index >= 0; index -= 1) {
    const next = crockford[crockford.indexOf(digits[index] ?? '') + 1]
    digits[index] = next ?? '0'
    if (next !== undefined) break
  }
  return digits.join('')
}
