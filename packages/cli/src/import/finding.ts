/** What can be wrong with a file of a run directory. */
export type FindingCode =
  | 'bad-name'
  | 'stray-file'
  | 'temporary-file'
  | 'symbolic-link'
  | 'too-large'
  | 'unparsable'
  | 'not-an-event'
  | 'checksum-missing'
  | 'checksum-wrong'
  | 'gap'
  | 'duplicate-seq'
  | 'ulid-order'
  | 'lost-tail'
  | 'wrong-run'
  | 'unsupported-layout'
  | 'bad-effect'
  | 'unknown-effect'
  | 'double-request'
  | 'double-resolve'
  | 'missing-file'
  | 'missing-task'
  | 'missing-result'
  | 'other-result'
  | 'changed-blob'
  | 'unsupported-value'

/** One thing that is wrong with one file, as a clause that goes on after the file's name. */
export interface Finding {
  /** Relative to the run directory. */
  readonly file: string
  readonly code: FindingCode
  readonly detail: string
  /** The event in this file was not imported, since it cannot be believed or read. */
  readonly leftOut?: boolean
}

/** A screen's worth; the JSON output has all of them. */
const findingsShownMax = 20

/** The findings as lines of a report. */
export function findingLines(findings: readonly Finding[]): string[] {
  const shown = findings
    .slice(0, findingsShownMax)
    .map(({ file, code, detail }) => `  ${file}: ${detail} (${code})`)
  const more = findings.length - shown.length
  return more > 0 ? [...shown, `  … and ${more} more`] : shown
}
