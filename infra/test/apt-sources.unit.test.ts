import { describe, expect, it } from 'vitest'
import {
  parseDeb822Sources,
  parseOneLineSources,
  selectDebianMirrors,
  sourcesListFor,
} from '../bootstrap/apt-sources.mjs'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

describe('parseOneLineSources', () => {
  it('reads the lines that are in use', () => {
    const text = `# a comment
deb http://mirror.test/debian bookworm main contrib # its comment
deb-src http://mirror.test/debian bookworm main
#deb http://mirror.test/debian sid main
deb [arch=amd64 signed-by=/etc/apt/keyrings/own.asc] https://other.test/apt bookworm stable
`
    expect(parseOneLineSources(text)).toEqual([
      { uri: 'http://mirror.test/debian', suites: ['bookworm'], components: ['main', 'contrib'] },
      {
        uri: 'https://other.test/apt',
        suites: ['bookworm'],
        components: ['stable'],
        signedBy: '/etc/apt/keyrings/own.asc',
      },
    ])
  })
})

describe('parseDeb822Sources', () => {
  it('reads stanzas with comments, continued lines and several addresses', () => {
    const text = `Types: deb deb-src
# a comment within
URIs: http://one.test/debian
 http://two.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: ${KEYRING}

types: deb
uris: http://one.test/debian-security
suites: bookworm-security
components: main
`
    const common = { suites: ['bookworm', 'bookworm-updates'], components: ['main'], signedBy: KEYRING }
    expect(parseDeb822Sources(text)).toEqual([
      { uri: 'http://one.test/debian', ...common },
      { uri: 'http://two.test/debian', ...common },
      { uri: 'http://one.test/debian-security', suites: ['bookworm-security'], components: ['main'] },
    ])
  })

  it.each(['Types: deb-src', 'Types: deb\nEnabled: no'])('leaves out a stanza with %j', (fields) => {
    expect(
      parseDeb822Sources(`${fields}\nURIs: http://one.test/debian\nSuites: sid\nComponents: main\n`),
    ).toEqual([])
  })
})

describe('selectDebianMirrors', () => {
  it('keeps the main archive and leaves security updates and third parties', () => {
    const debian = { uri: 'http://mirror.test/debian', suites: ['bookworm'], components: ['main'] }
    const rolling = { uri: 'http://mirror.test/rolling', suites: ['testing'], components: ['main'] }
    const others = [
      { uri: 'http://mirror.test/debian-security', suites: ['bookworm-security'], components: ['main'] },
      { uri: 'https://packages.test/docker', suites: ['bookworm'], components: ['stable'] },
      { uri: 'https://packages.test/postgres', suites: ['bookworm-pgdg'], components: ['main'] },
    ]
    expect(selectDebianMirrors([...others, debian, rolling], 'bookworm')).toEqual([debian, rolling])
  })
})

describe('sourcesListFor', () => {
  it('asks the same mirror for other suites, each line once, under the mirror’s key or Debian’s', () => {
    const plain = { uri: 'http://one.test/debian', suites: ['bookworm'], components: ['main'] }
    const signed = { ...plain, uri: 'http://two.test/debian', signedBy: '/keys/two.gpg' }
    const list = sourcesListFor([plain, plain, signed], { type: 'deb', suites: ['sid'], keyring: KEYRING })
    expect(list).toBe(
      `deb [signed-by=${KEYRING}] http://one.test/debian sid main\ndeb [signed-by=/keys/two.gpg] http://two.test/debian sid main\n`,
    )
  })
})
