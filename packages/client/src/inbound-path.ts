const PATH = '/v1/inbound/messages'

/** Of one message, or of a part of it. */
export function pathOf(key: string, part?: string): string {
  const path = `${PATH}/${encodeURIComponent(key)}`
  return part === undefined ? path : `${path}/${part}`
}
