/** Makes what a test makes, tells where, and waits to be killed. */
import { startProcess } from '../src/process.ts'
import { createTempFolder } from '../src/temp-folder.ts'

const folder = await createTempFolder()
const child = await startProcess({ command: 'node', args: ['-e', 'setInterval(() => {}, 1000)'] })
process.stdout.write(JSON.stringify({ pid: child.pid, folder: folder.path }))
setInterval(() => undefined, 1000)
