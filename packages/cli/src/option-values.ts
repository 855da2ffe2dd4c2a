import { InvalidArgumentError } from 'commander'

/** A whole number from `min` on, as an option takes it; anything else is bad usage. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} on.`)
    }
    return value
  }
}

/** A comma-separated list, as in `--types RUN_CREATED,RUN_FAILED`. */
export function list(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.includes('')) throw new InvalidArgumentError('It must be a list with commas and without empty parts.')
  return parts
}
