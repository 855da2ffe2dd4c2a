/** A cell: numbers and texts as they are; nothing for what is not there. */
export type Cell = string | number | boolean | undefined

/**
 * A line of CSV (RFC 4180) with its CRLF. What a spreadsheet would take for a formula gets an apostrophe before it, which
 * shows it as the text that it is (OWASP, "CSV Injection"): events hold what strangers wrote, and `=HYPERLINK(…)` is not
 * to be run by who looks into them. A number of ours needs none, so that −5 stays a number.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`
}

/** Also in their wide forms, which some spreadsheets take for the same; a tab or line break before hides the sign. */
const formula = /^[\s]*[=+\-@＝＋－＠]|^[\t\r\n]/

function cellText(cell: Cell): string {
  if (typeof cell === 'number') return String(cell)
  const text = String(cell ?? '')
  const harmless = formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
