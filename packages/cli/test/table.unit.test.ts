import { expect, it } from 'vitest'
import { short } from '../src/printable.ts'
import { type Column, table } from '../src/table.ts'

const columns: readonly Column<{ name: string; n: number }>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'N', align: 'right', value: ({ n }) => n },
  { title: 'NOTE', value: () => 'x' },
]

const rows = [
  { name: 'a', n: 1 },
  { name: '😀é', n: 200 },
]

it('aligns columns by characters, numbers to the right', () => {
  expect(table(rows, columns, false)).toBe(['NAME    N  NOTE', 'a       1  x', '😀é    200  x'].join('\n'))
})

it('colours nothing but the titles, and only when told to', () => {
  const [head, ...body] = table(rows, columns, true).split('\n')
  expect(head).toBe('\u001b[1mNAME    N  NOTE\u001b[22m')
  expect(body.join('')).not.toContain('\u001b')
})

it('shows control characters instead of obeying them', () => {
  expect(table([{ name: '\u001b[2J\u202eevil\n', n: 1 }], columns, false)).toContain(
    '\\u001b[2J\\u202eevil\\u000a',
  )
})

it('cuts a long text between characters', () => {
  expect(short('👩‍👩‍👧abc', 3)).toBe('👩‍👩‍👧a…')
  expect(short('abc', 3)).toBe('abc')
})
