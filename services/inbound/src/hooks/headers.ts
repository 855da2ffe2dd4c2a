/** The values of each header by its name in lower case, as `IncomingMessage.headersDistinct` has them. */
export type HeaderValues = Readonly<Record<string, readonly string[] | undefined>>

/** The value of a header that came once. Of one that came several times nobody can say which is meant: undefined. */
export function onlyValue(headers: HeaderValues, name: string): string | undefined {
  const [value, ...others] = headers[name] ?? []
  return others.length === 0 ? value : undefined
}
