import { DaybookError } from '@daybook/errors'
import { parseAppendRequest } from '@daybook/events'
import { describe, expect, it } from 'vitest'
import { AddedTypes } from '../src/schemas/added-types.ts'
import type { NumberedSchema } from '../src/store/schemas.ts'
import { order } from './schemas-fixture.ts'
import { log } from './service-fixture.ts'

/** A table of schemas that answers when it is told to, and counts how often it was asked. */
function createTable() {
  const rows: NumberedSchema[] = []
  const waiting: (() => void)[] = []
  const table = {
    reads: 0,
    isHeld: false,
    add: (type: string, v = 1) => {
      const number = rows.length + 1
      rows.push({ number, tenant: 'main', kind: 'order', type, v, schema: '{"type":"object"}' })
    },
    release: () => {
      for (const go of waiting.splice(0)) go()
    },
    readAfter: async (number: number) => {
      table.reads += 1
      // What a statement sees is decided when it begins.
      const seen = rows.filter((row) => row.number > number)
      if (table.isHeld) await new Promise<void>((resolve) => waiting.push(resolve))
      return seen
    },
  }
  return table
}

const check = (types: AddedTypes, event: object) =>
  types.check('main', (userTypes) => parseAppendRequest({ events: [event] }, { userTypes }))

describe('the added types', () => {
  it('are looked for once, and then known', async () => {
    const table = createTable()
    table.add('OrderPlaced')
    const types = new AddedTypes(table.readAfter)
    for (let times = 0; times < 3; times += 1) await check(types, order())
    expect(table.reads).toBe(1)
    table.add('OrderPlaced', 2)
    await check(types, order({ v: 2 }))
    expect(table.reads).toBe(2)
  })

  it("cost the table nothing for Daybook's own types, nor for names that no user can give", async () => {
    const table = createTable()
    const types = new AddedTypes(table.readAfter)
    await check(types, log('run/a', 'x'))
    for (const bad of [{ type: 'NOPE' }, { type: 'PROCESS_LOG', v: 2 }, { data: { surprise: 1 } }])
      await expect(check(types, { ...log('run/a', 'x'), ...bad })).rejects.toBeInstanceOf(DaybookError)
    expect(table.reads).toBe(0)
  })

  it('are read by one statement at a time, and nobody is answered by one that began before he asked', async () => {
    const table = createTable()
    const types = new AddedTypes(table.readAfter)
    table.isHeld = true
    const early = types.refresh()
    table.add('OrderPlaced')
    const late = Array.from({ length: 100 }, () => check(types, order()))
    await Promise.resolve()
    expect(table.reads).toBe(1)
    table.isHeld = false
    table.release()
    await early
    await Promise.all(late)
    expect(table.reads).toBe(2)
  })

  it('go on after a reading that failed', async () => {
    const table = createTable()
    let isAway = true
    const types = new AddedTypes((number) =>
      isAway ? Promise.reject(new DaybookError('unavailable', 'away')) : table.readAfter(number),
    )
    table.add('OrderPlaced')
    await expect(check(types, order())).rejects.toMatchObject({ code: 'unavailable' })
    isAway = false
    await check(types, order())
  })

  it('are forgotten after a restore, when others may get their numbers', async () => {
    let table = createTable()
    const types = new AddedTypes((number) => table.readAfter(number))
    table.add('OrderLost')
    table.add('OrderFound')
    await types.refresh()
    table = createTable()
    table.add('OrderPlaced')
    types.forget()
    await check(types, order())
    await expect(check(types, order({ type: 'OrderLost' }))).rejects.toMatchObject({
      code: 'unknown-event-type',
    })
  })
})
