import { InvalidArgumentError } from 'commander'

/** A whole number in its bounds, as an option takes it; anything else is bad usage. */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number ${bounds}.`)
    return value
  }
}

/** A comma-separated list, as in `--types RUN_CREATED,RUN_FAILED`. */
export function list(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.includes(''))
    throw new InvalidArgumentError('It must be a list with commas and without empty parts.')
  return parts
}
