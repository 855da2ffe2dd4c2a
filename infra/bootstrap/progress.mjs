/** A step that takes longer than this says again that it is still at work. */
const REMIND_AFTER_MS = 15_000

/** Survives the change to another Node, so that the times shown count from the very start. */
const STARTED_AT = 'DAYBOOK_BOOTSTRAP_STARTED_AT'

/**
 * The environment of the process that goes on with this setup.
 * @param {NodeJS.ProcessEnv} env
 */
export function withStartTime(env) {
  return { ...env, [STARTED_AT]: String(startedAt(env)) }
}

/**
 * Writes one progress line. It goes to standard error: standard output belongs to the command that is run at the end.
 * @param {string} subject
 * @param {string} text
 */
export function report(subject, text) {
  const seconds = ((Date.now() - startedAt(process.env)) / 1000).toFixed(1).padStart(6)
  process.stderr.write(`${seconds} s  ${subject}: ${text}\n`)
}

/**
 * Shows that `work` is going on until it ends.
 * @template T
 * @param {string} subject
 * @param {string} doing
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function during(subject, doing, work) {
  report(subject, `${doing} …`)
  const reminder = setInterval(() => report(subject, `still ${doing} …`), REMIND_AFTER_MS)
  try {
    return await work()
  } finally {
    clearInterval(reminder)
  }
}

/** @param {NodeJS.ProcessEnv} env */
function startedAt(env) {
  return Number(env[STARTED_AT]) || Math.round(Date.now() - process.uptime() * 1000)
}
