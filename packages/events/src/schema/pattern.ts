import { type Expression, readPattern } from './pattern-syntax.ts'
import { refuseSchema } from './refuse-schema.ts'

/** `[0-9a-f]{64}` needs 64 steps, `.{1,200}` needs 400; a text is matched in (steps × characters) at most. */
const STEPS_MAX = 512

/** `fits` reads a character; `fork` goes on at both places; `start` and `end` hold there only. */
type Step =
  | { readonly does: 'read'; readonly fits: (codePoint: number) => boolean }
  | { readonly does: 'fork'; readonly to: number; readonly orTo: number }
  | { readonly does: 'start' | 'end' | 'accept' }

/**
 * Compiles a pattern into a test that takes time linear in the text, whatever the pattern: all ways through it are walked
 * side by side (Thompson 1968), and none is ever gone back on, as the engine of the language does, for which
 * `^(a|a)*$` takes years. Code: invalid-schema.
 */
export function compilePattern(source: string, path: string): (text: string) => boolean {
  const expression = readPattern(source, path)
  const steps: Step[] = []
  // Before anything is made, since {1000}{1000}{1000} is short to write.
  if (stepsOf(expression) >= STEPS_MAX) {
    throw refuseSchema(path, `repeats too much: it comes to more than ${STEPS_MAX} steps`)
  }
  emit(expression, steps)
  steps.push({ does: 'accept' })
  const walk = new Walk(steps)
  return (text) => walk.accepts(text)
}

function stepsOf(expression: Expression): number {
  if (expression.is === 'sequence') return expression.parts.reduce((sum, part) => sum + stepsOf(part), 0)
  if (expression.is === 'choice') return expression.parts.reduce((sum, part) => sum + stepsOf(part) + 2, 0)
  if (expression.is !== 'repeat') return 1
  const { part, min, max } = expression
  // A copy of nothing counts too, since it is made like any other.
  const copy = Math.max(1, stepsOf(part))
  return min * copy + (max === Number.POSITIVE_INFINITY ? copy + 2 : (max - min) * (copy + 1))
}

function emit(expression: Expression, steps: Step[]): void {
  switch (expression.is) {
    case 'character':
      steps.push({ does: 'read', fits: remembered(expression.fits) })
      return
    case 'sequence':
      for (const part of expression.parts) emit(part, steps)
      return
    case 'choice':
      emitChoice(expression.parts, steps)
      return
    case 'repeat':
      emitRepeat(expression, steps)
      return
    case 'start':
    case 'end':
      steps.push({ does: expression.is })
  }
}

/** Leaves a place for a step whose targets are known only when what follows it has been written. */
function reserve(steps: Step[]): (to: number, orTo?: number) => void {
  const place = steps.push({ does: 'accept' }) - 1
  return (to, orTo = to) => {
    steps[place] = { does: 'fork', to, orTo }
  }
}

function emitChoice(parts: readonly Expression[], steps: Step[]): void {
  const leave: ((to: number) => void)[] = []
  for (const part of parts.slice(0, -1)) {
    const fork = reserve(steps)
    const first = steps.length
    emit(part, steps)
    leave.push(reserve(steps))
    fork(first, steps.length)
  }
  const last = parts.at(-1)
  if (last !== undefined) emit(last, steps)
  for (const jump of leave) jump(steps.length)
}

function emitRepeat({ part, min, max }: { part: Expression; min: number; max: number }, steps: Step[]): void {
  for (let times = 0; times < min; times += 1) emit(part, steps)
  if (max === Number.POSITIVE_INFINITY) {
    const before = steps.length
    const fork = reserve(steps)
    emit(part, steps)
    reserve(steps)(before)
    fork(before + 1, steps.length)
    return
  }
  const skips: [skip: (to: number, orTo: number) => void, into: number][] = []
  for (let times = min; times < max; times += 1) {
    skips.push([reserve(steps), steps.length])
    emit(part, steps)
  }
  for (const [skip, into] of skips) skip(into, steps.length)
}

/** Patterns are about ASCII mostly, and a class is asked about the same few characters again and again. */
function remembered(fits: (codePoint: number) => boolean): (codePoint: number) => boolean {
  const ascii = Array.from({ length: 128 }, (_, codePoint) => fits(codePoint))
  return (codePoint) => ascii[codePoint] ?? fits(codePoint)
}

/** A place between two characters. */
interface Stop {
  /** Grows from stop to stop and from text to text. */
  readonly mark: number
  readonly isStart: boolean
  readonly isEnd: boolean
}

/** Texts on their way through the steps, one after the other. */
class Walk {
  readonly #steps: readonly Step[]
  /** At which stop a step was last reached, so that it is taken once for each: that bounds the time. */
  readonly #reachedAt: Float64Array
  #mark = 1

  constructor(steps: readonly Step[]) {
    this.#steps = steps
    this.#reachedAt = new Float64Array(steps.length)
  }

  /** Whether the pattern is found anywhere in the text. */
  accepts(text: string): boolean {
    let places: number[] = []
    let stop = this.#stop(0, text)
    for (let index = 0; ; ) {
      if (this.#reach(0, places, stop)) return true
      const codePoint = text.codePointAt(index)
      if (codePoint === undefined) return false
      index += codePoint > 0xffff ? 2 : 1
      stop = this.#stop(index, text)
      const next: number[] = []
      for (const place of places) {
        const step = this.#steps[place]
        if (step?.does === 'read' && step.fits(codePoint) && this.#reach(place + 1, next, stop)) return true
      }
      places = next
    }
  }

  #stop(index: number, text: string): Stop {
    this.#mark += 1
    return { mark: this.#mark, isStart: index === 0, isEnd: index === text.length }
  }

  /** Follows what reads nothing, and notes what reads; answers whether the end of the pattern was reached. */
  #reach(from: number, reading: number[], { mark, isStart, isEnd }: Stop): boolean {
    const open = [from]
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const step = this.#steps[place]
      if (step === undefined || this.#reachedAt[place] === mark) continue
      this.#reachedAt[place] = mark
      if (step.does === 'accept') return true
      if (step.does === 'read') reading.push(place)
      else if (step.does === 'fork') open.push(step.orTo, step.to)
      else if (step.does === 'start' ? isStart : isEnd) open.push(place + 1)
    }
    return false
  }
}
