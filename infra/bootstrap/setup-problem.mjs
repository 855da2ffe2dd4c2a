/** Setting up cannot go on. The message is for the person at the terminal and says what to do. */
export class SetupProblem extends Error {
  /** @override */
  name = 'SetupProblem'
}

/**
 * What the text of a failed command usually means, and the way out. The first that matches is told.
 * @type {[RegExp, string][]}
 */
const causes = [
  [/ENOSPC|No space left on device/i, 'The disk is full: free some space and run the command again.'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET|dns error|error sending request|Could not resolve|Could not connect|Temporary failure/i,
    'The network or the package registry did not answer: check the connection (and proxy settings) and run the command again.',
  ],
  [
    /EACCES|EPERM|EROFS|Permission denied/i,
    'A file or folder cannot be written: check who owns this folder and the cache folder (DAYBOOK_CACHE chooses another).',
  ],
  [
    /OUTDATED_LOCKFILE|NO_IMPORTER|frozen-lockfile/i,
    'pnpm-lock.yaml does not fit the package.json files: run `node infra/bootstrap.mjs pnpm install` and commit the lockfile.',
  ],
]

/**
 * One sentence that says what to do about the failure that `text` tells of.
 * @param {string} text output or error message
 * @param {string} otherwise the advice where nothing is recognised
 */
export function adviceFor(text, otherwise) {
  const known = causes.find(([pattern]) => pattern.test(text))
  return known ? known[1] : otherwise
}

/**
 * What a caught value says.
 * @param {unknown} error
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error)
}
