import { DaybookError } from '@daybook/errors'
import {
  chainOf,
  type ExportRecordLine,
  type ExportTrailer,
  type ExportTrailerLine,
  exportChecksumOf,
  FIRST_CHAIN,
  parseExportLine,
} from './export-format.ts'

/**
 * The first thing that does not hold.
 *
 * - `format`: the line is none of an export, or comes behind the end.
 * - `sequence`: a line is missing, doubled or not in its place.
 * - `checksum`: the record, or the trailer, was changed.
 * - `prev`, `chain`: the link to the line before, or the line's own, was changed.
 * - `trailer`: the last line tells of other lines than these.
 * - `cut`: there is no last line.
 */
export interface ExportFault {
  readonly code: 'format' | 'sequence' | 'checksum' | 'prev' | 'chain' | 'trailer' | 'cut'
  readonly detail: string
  /** Counted from 1. */
  readonly line: number
}

/** What an export holds, up to its first fault. */
export interface ExportReport {
  /** Records that hold. */
  readonly records: number
  /** The last chain value: whoever keeps it elsewhere can tell later that nothing was changed. */
  readonly chain: string
  readonly trailer?: ExportTrailer
  readonly fault?: ExportFault
}

/**
 * Verifies an export by itself, line by line, without a server; stops at the first fault. It finds every change by
 * somebody who does not make all later chain values anew. Who does, only an own copy of the last one gives away.
 */
export async function verifyApprovalExport(
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<ExportReport> {
  const reading = new ExportReading()
  try {
    for await (const line of lines) {
      const fault = reading.take(line)
      if (fault !== undefined) return reading.report(fault)
    }
  } catch (error) {
    // Bytes that are no text, or a line without an end: what is wrong is the line that was to come.
    if (!(error instanceof DaybookError)) throw error
    return reading.report({ code: 'format', detail: error.message, line: reading.lines + 1 })
  }
  return reading.report(reading.finish())
}

class ExportReading {
  lines = 0
  #records = 0
  #chain = FIRST_CHAIN
  #trailer: ExportTrailer | undefined

  take(text: string): ExportFault | undefined {
    this.lines += 1
    if (this.#trailer !== undefined) return this.#fault('format', 'there is something behind the end')
    let line: ExportRecordLine | ExportTrailerLine
    try {
      line = parseExportLine(text)
    } catch (error) {
      if (!(error instanceof DaybookError)) throw error
      return this.#fault('format', error.message)
    }
    return 'trailer' in line ? this.#close(line) : this.#add(line)
  }

  finish(): ExportFault | undefined {
    if (this.#trailer !== undefined) return undefined
    this.lines += 1
    return this.#fault('cut', 'the last line, which tells how many there are, is missing')
  }

  report(fault: ExportFault | undefined): ExportReport {
    return {
      records: this.#records,
      chain: this.#chain,
      ...(this.#trailer && { trailer: this.#trailer }),
      ...(fault && { fault }),
    }
  }

  #add(line: ExportRecordLine): ExportFault | undefined {
    const { sequence, record, recordChecksum, prev, chain } = line
    if (sequence !== this.#records + 1)
      return this.#fault('sequence', `sequence ${sequence} follows ${this.#records}`)
    if (recordChecksum !== exportChecksumOf(record))
      return this.#fault('checksum', 'the record does not have this checksum')
    if (prev !== this.#chain) return this.#fault('prev', 'prev is not the chain value of the line before')
    if (chain !== chainOf(line)) return this.#fault('chain', 'the line does not have this chain value')
    this.#records = sequence
    this.#chain = chain
    return undefined
  }

  #close({ trailer, trailerChecksum }: ExportTrailerLine): ExportFault | undefined {
    if (trailerChecksum !== exportChecksumOf(trailer))
      return this.#fault('checksum', 'the trailer does not have this checksum')
    if (trailer.count !== this.#records)
      return this.#fault('trailer', `it tells of ${trailer.count} records, and there are ${this.#records}`)
    if (trailer.chain !== this.#chain)
      return this.#fault('trailer', 'its chain value is not that of the last record')
    this.#trailer = trailer
    return undefined
  }

  #fault(code: ExportFault['code'], detail: string): ExportFault {
    return { code, detail, line: this.lines }
  }
}
