/** As much of a request as tells who makes it. */
interface Asked {
  headers: Readonly<Record<string, string | string[] | undefined>>
}

/** Whom services take a request to be from that says nothing else. */
const TESTER = { kind: 'user', id: 'tester' } as const

/**
 * For services in tests, which are asked without a gateway: believes everybody, and lets them do everything. The header
 * `daybook-tenant` says whose request it is, `main` otherwise; `daybook-scopes` (`read,append`) takes rights away.
 */
export function trustingCallers({ headers }: Asked) {
  const { 'daybook-tenant': tenant = 'main', 'daybook-scopes': scopes = 'admin' } = headers
  return { tenant: String(tenant), actor: TESTER, scopes: String(scopes).split(',').filter(isScope) }
}

const scopeNames = ['read', 'append', 'approve', 'admin'] as const

function isScope(text: string): text is (typeof scopeNames)[number] {
  return scopeNames.some((name) => name === text)
}
