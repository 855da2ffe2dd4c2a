import { styleText } from 'node:util'
import { charactersOf, printable } from './printable.ts'

export interface Column<Row> {
  readonly title: string
  /** Numbers stand right, so that their digits line up. */
  readonly align?: 'right'
  value(row: Row): string | number
}

/** Rows in aligned columns under their titles; the last column is not padded. Cells are made printable. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], colour: boolean): string {
  const cells = rows.map((row) => columns.map((column) => printable(String(column.value(row)))))
  const titles = columns.map((column) => column.title)
  const widths = titles.map((title, index) =>
    Math.max(width(title), ...cells.map((line) => width(line[index] ?? ''))),
  )
  const lineOf = (line: readonly string[]): string =>
    line
      .map((cell, index) =>
        pad(
          cell,
          columns[index]?.align,
          index === columns.length - 1 ? 0 : (widths[index] ?? 0),
          widths[index] ?? 0,
        ),
      )
      .join('  ')
      .trimEnd()
  const head = lineOf(titles)
  return [colour ? styleText('bold', head, { validateStream: false }) : head, ...cells.map(lineOf)].join('\n')
}

function pad(cell: string, align: 'right' | undefined, leftWidth: number, rightWidth: number): string {
  const missing = (align === 'right' ? rightWidth : leftWidth) - width(cell)
  const space = ' '.repeat(Math.max(0, missing))
  return align === 'right' ? space + cell : cell + space
}

function width(text: string): number {
  return charactersOf(text).length
}
