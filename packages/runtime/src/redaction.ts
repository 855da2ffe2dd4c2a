/** What stands in a log line where a secret stood. */
const CENSORED = '[redacted]'
/** Deeper values are summarised: a log line is not the place for documents. */
const DEPTH_MAX = 6
const SECRET_NAME = /authorization|cookie|passw|passphrase|secret|credential|api-?_?key|nkey|seed$|token$/i
/** The scheme is bounded so that a long word is not tried from each of its letters to its end. */
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]{0,15}:\/\/)[^\s"'\\/@]*@/gi
const AUTHORIZATION_VALUE = /\b(Bearer|Basic) +[\w.~+/=-]+/g
/** A token of Daybook, wherever it stands; its id is public and stays. */
const TOKEN = /\b(dbk_[a-z0-9]{5,26})_[A-Za-z0-9-]{32,200}/g

/** Takes credentials out of text: `scheme://user:password@host`, tokens of Daybook, and `Bearer …`. */
export function redactText(text: string): string {
  return text
    .replace(URL_CREDENTIALS, `$1${CENSORED}@`)
    .replace(TOKEN, `$1_${CENSORED}`)
    .replace(AUTHORIZATION_VALUE, `$1 ${CENSORED}`)
}

/**
 * A copy of a log line's fields that is safe to write: values under a secret's name are censored at any depth, and an
 * error is cut down to its class, code, message and stack. Drivers hang rows and parameters on their errors
 * (`detail`, `where`, `parameters`), which a general serializer would write out.
 */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactRecord(fields, 0)
}

function redactRecord(record: object, depth: number): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(record)) {
    safe[name] = SECRET_NAME.test(name) ? CENSORED : redactValue(value, depth + 1)
  }
  return safe
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return describeError(value, depth)
  if (depth >= DEPTH_MAX) return '[nested]'
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1))
  if ('toJSON' in value) return value
  return redactRecord(value, depth)
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error ? error.code : undefined
  const nested = error.cause !== undefined && depth < DEPTH_MAX
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: error.message,
    stack: error.stack,
    ...(nested ? { cause: redactValue(error.cause, depth + 1) } : {}),
  }
}
