#!/usr/bin/env node
const [major = 0] = process.versions.node.split('.').map(Number)

if (major >= 24) {
  const { main } = await import('../dist/main.js')
  await main()
} else {
  process.stderr.write(
    `daybook: this is Node ${process.versions.node}, and Daybook needs 24 or later.\n` +
      'Run it as "npx daybook" in the clone after "npm start", which brings one.\n',
  )
  process.exitCode = 1
}
