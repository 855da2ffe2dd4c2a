import { describe, expect, it } from 'vitest'
import { waitFor } from '../src/wait-for.ts'

describe('waitFor', () => {
  it('returns the first truthy answer', async () => {
    const answers = [undefined, false, 'here']
    expect(await waitFor(() => answers.shift(), { what: 'an answer', everyMs: 1 })).toBe('here')
  })

  it('keeps asking while the condition throws', async () => {
    let asked = 0
    const condition = () => {
      asked += 1
      if (asked < 3) throw new Error('not yet')
      return asked
    }
    expect(await waitFor(condition, { what: 'calm', everyMs: 1 })).toBe(3)
  })

  it('says what it waited for and why it was not met', async () => {
    const never = waitFor(() => Promise.reject(new Error('closed')), {
      what: 'the door',
      timeoutMs: 5,
      everyMs: 1,
    })
    await expect(never).rejects.toMatchObject({
      message: expect.stringContaining('the door'),
      cause: new Error('closed'),
    })
  })
})
