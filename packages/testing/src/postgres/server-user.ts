import { readFile } from 'node:fs/promises'

export interface ServerUser {
  uid: number
  gid: number
}

/** Postgres refuses to run as root. These users exist where it is installed, and on every Unix. */
const CANDIDATES = ['postgres', 'nobody']

/** The user to run Postgres as: undefined means the present one, which is right for everybody but root. */
export async function findServerUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const candidate of CANDIDATES) {
    const [, , uid, gid] = accounts.find(([name]) => name === candidate) ?? []
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(
    'Postgres does not run as root, and there is no other user here: run the tests as another user',
  )
}
