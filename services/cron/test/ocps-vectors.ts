/**
 * The facts of the conformance tests of the Open Cron Pattern Specification, in our own form:
 * github.com/open-source-cron/ocps, data/conformance-tests.json of 2026-06 (The OCPS Authors, CC BY-SA 4.0). Wall-clock times.
 */
export interface MatchVector {
  readonly version: '1.0' | '1.1' | '1.2' | '1.3' | '1.4'
  readonly cron: string
  readonly runs: readonly string[]
  readonly rests: readonly string[]
}

export const matchVectors: readonly MatchVector[] = [
  { version: '1.0', cron: '15 10 * * *', runs: ['2025-03-10 10:15'], rests: ['2025-03-10 10:14'] },
  { version: '1.0', cron: '30 8 * jan Mon', runs: ['2025-01-06 08:30'], rests: ['2025-02-03 08:30'] },
  {
    version: '1.0',
    cron: '5-59/15 9 * * *',
    runs: ['2025-03-10 09:05', '2025-03-10 09:20', '2025-03-10 09:35', '2025-03-10 09:50'],
    rests: ['2025-03-10 09:15'],
  },
  {
    version: '1.0',
    cron: '0 12 1 * MON',
    runs: ['2025-10-01 12:00', '2025-10-06 12:00'],
    rests: ['2025-10-07 12:00'],
  },
  { version: '1.0', cron: '0 12 * * MON', runs: ['2025-10-06 12:00'], rests: ['2025-10-07 12:00'] },
  {
    version: '1.0',
    cron: '0 12 1-31 * MON',
    runs: ['2025-10-06 12:00', '2025-10-07 12:00'],
    rests: ['2025-10-08 11:00'],
  },
  { version: '1.1', cron: '@yearly', runs: ['2026-01-01 00:00'], rests: ['2026-01-02 00:00'] },
  { version: '1.1', cron: '@monthly', runs: ['2026-02-01 00:00'], rests: ['2026-02-02 00:00'] },
  { version: '1.1', cron: '@weekly', runs: ['2025-10-05 00:00'], rests: ['2025-10-06 00:00'] },
  { version: '1.1', cron: '@daily', runs: ['2025-10-07 00:00'], rests: ['2025-10-07 00:01'] },
  { version: '1.1', cron: '@hourly', runs: ['2025-10-07 10:00'], rests: ['2025-10-07 10:01'] },
  { version: '1.2', cron: '15 10 * * *', runs: ['2025-03-10 10:15:00'], rests: ['2025-03-10 10:15:30'] },
  { version: '1.2', cron: '30 15 10 * * *', runs: ['2025-03-10 10:15:30'], rests: ['2025-03-10 10:15:29'] },
  {
    version: '1.2',
    cron: '0 15 10 * * * 2025',
    runs: ['2025-03-10 10:15:00'],
    rests: ['2026-03-10 10:15:00'],
  },
  {
    version: '1.2',
    cron: '0 0 0 1 1 * 1970-2199/2',
    runs: ['2026-01-01 00:00:00'],
    rests: ['2025-01-01 00:00:00'],
  },
  { version: '1.3', cron: '0 0 L * *', runs: ['2025-02-28 00:00'], rests: ['2025-02-27 00:00'] },
  { version: '1.3', cron: '0 0 * * FRI#L', runs: ['2025-02-28 00:00'], rests: ['2025-02-21 00:00'] },
  { version: '1.3', cron: '0 0 * * TUE#3', runs: ['2025-06-17 00:00'], rests: ['2025-06-10 00:00'] },
  { version: '1.3', cron: '0 12 15W * *', runs: ['2025-06-16 12:00'], rests: ['2025-06-15 12:00'] },
  { version: '1.3', cron: '0 12 1W * *', runs: ['2025-02-03 12:00'], rests: ['2025-02-01 12:00'] },
  {
    version: '1.4',
    cron: '0 12 1 * MON',
    runs: ['2025-09-01 12:00', '2025-09-08 12:00', '2025-10-01 12:00'],
    rests: ['2025-10-07 12:00'],
  },
  {
    version: '1.4',
    cron: '0 12 1 * +MON',
    runs: ['2025-09-01 12:00'],
    rests: ['2025-09-08 12:00', '2025-10-01 12:00'],
  },
]

/** To be taken, whether or not they ever run. */
export const acceptVectors: readonly string[] = [
  '* * 31 2 *',
  '15 10 * * *',
  '30 15 10 * * *',
  '0 15 10 * * * 2025',
]

/** To be refused. */
export const rejectVectors: readonly string[] = [
  '60 0 * * *',
  '0 0 10-5 * *',
  '0 0 /30 * *',
  '@Daily',
  '@daily 0 0 * * *',
  '0 12 1-15W * *',
  '0 12 +1 * MON',
  '? 12 * * *',
]
