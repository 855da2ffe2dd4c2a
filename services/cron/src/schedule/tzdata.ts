/** The version of the time zone data that slots are computed with: what was computed with another one is computed again. */
export const TZDATA: string = process.versions.tz ?? 'unknown'
