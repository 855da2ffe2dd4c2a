/** More of a job does not wait or run at once: all of it is read and written with each of its events. */
export const OPEN_RUNS_MAX = 500
