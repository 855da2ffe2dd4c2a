import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  busServices,
  type Permissions,
  servicePermissions,
  type TokenHolder,
  tokenPermissions,
  topology,
} from '../src/index.ts'

/** Whether some subject is under both. */
function overlap(a: string, b: string): boolean {
  const [first, ...rest] = a.split('.')
  const [other, ...others] = b.split('.')
  if (first === undefined || other === undefined) return first === other
  if (first === '>' || other === '>') return true
  if (first !== other && first !== '*' && other !== '*') return false
  if (rest.length === 0 || others.length === 0) return rest.length === others.length
  return overlap(rest.join('.'), others.join('.'))
}

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/)
const holders: fc.Arbitrary<TokenHolder> = fc.record({
  tokenId: fc.stringMatching(/^[a-z0-9]{5,13}$/),
  tenant: name,
  actor: fc.record({
    kind: fc.constantFrom('agent', 'user'),
    id: fc.string({ minLength: 1, maxLength: 10 }),
  }),
  scopes: fc.subarray(['read', 'append', 'approve', 'admin'] as const),
})

function all({ publish, subscribe }: Permissions): string[] {
  return [...publish, ...subscribe]
}

describe('the permissions of services', () => {
  it.each(topology.consumers)('let one service read $durable, and no other', ({ stream, durable }) => {
    const next = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`
    const readers = busServices.filter((service) =>
      servicePermissions[service].publish.some((subject) => overlap(subject, next)),
    )
    expect(readers).toHaveLength(1)
    expect(durable.startsWith(`${readers[0]}-`)).toBe(true)
  })

  it.each(topology.streams)('let nobody delete, empty or replace $name', ({ name: stream }) => {
    for (const act of ['DELETE', 'PURGE', 'RESTORE', 'SNAPSHOT'])
      for (const service of busServices)
        expect(
          all(servicePermissions[service]).filter((subject) =>
            overlap(subject, `$JS.API.STREAM.${act}.${stream}`),
          ),
        ).toEqual([])
  })

  it('let each read its own replies only', () => {
    for (const service of busServices)
      for (const other of busServices.filter((each) => each !== service))
        expect(
          servicePermissions[service].subscribe.filter((subject) => overlap(subject, `_INBOX_${other}.>`)),
        ).toEqual([])
  })
})

describe('the permissions of a token', () => {
  it('are never empty, which NATS would take for everything', () => {
    fc.assert(
      fc.property(holders, (holder) => {
        const { publish, subscribe } = tokenPermissions(holder)
        expect(Math.min(publish.length, subscribe.length)).toBeGreaterThan(0)
      }),
    )
  })

  it('have nothing in common with those of another tenant’s but the question who one is', () => {
    fc.assert(
      fc.property(holders, holders, (one, other) => {
        fc.pre(one.tenant !== other.tenant && one.tokenId !== other.tokenId)
        const common = all(tokenPermissions(one)).filter((subject) =>
          all(tokenPermissions(other)).some((theirs) => overlap(subject, theirs)),
        )
        expect(common).toEqual(['$SYS.REQ.USER.INFO'])
      }),
    )
  })

  it('let nobody but an admin append in another’s name', () => {
    fc.assert(
      fc.property(holders, holders, (one, other) => {
        fc.pre(!one.scopes.includes('admin') && JSON.stringify(one.actor) !== JSON.stringify(other.actor))
        const theirs = tokenPermissions({ ...other, tenant: one.tenant, scopes: ['append'] }).publish
        const common = tokenPermissions(one).publish.filter((subject) =>
          theirs.some((each) => overlap(subject, each)),
        )
        expect(common).toEqual(['$SYS.REQ.USER.INFO'])
      }),
    )
  })
})
