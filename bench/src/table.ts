/** Lines of a plain-text table: the first column to the left, all others (figures) to the right. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const render = (line: readonly string[]): string =>
    widths
      .map((width, column) => {
        const text = line[column] ?? ''
        return column === 0 ? text.padEnd(width) : text.padStart(width)
      })
      .join('   ')
      .trimEnd()
  return lines.map(render).join('\n')
}

/** 12345.6 → "12,346" */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** Milliseconds with a precision that suits their size: 0.42, 8.4, 120. */
export function formatMs(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2)
}

export function formatRatio(value: number): string {
  return `${value.toFixed(value >= 10 ? 1 : 2)}×`
}

/** 0.25 → "25 %" */
export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}
