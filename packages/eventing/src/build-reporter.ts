import type { BuildPhase, BuildReport, GenerationStore } from './generation.ts'
import { Pace } from './progress.ts'
import type { ProjectionSpec } from './projection-spec.ts'

/** How often a build tells how far it is, and learns that it was cancelled. */
const REPORT_MS = 1_000

/** Which build reports, and where. */
export interface BuildReporterParts<DB> {
  spec: ProjectionSpec<DB>
  store: GenerationStore
  generation: number
  /** Names this instance. */
  builder: string
}

/** Writes down how a build goes on, and notices when it has been ended. */
export class BuildReporter<DB> implements AsyncDisposable {
  readonly #parts: BuildReporterParts<DB>
  readonly #ending = new AbortController()
  readonly #pace = new Pace()
  readonly #timer: NodeJS.Timeout
  #report: BuildReport = { phase: null, eventsPerSecond: null, failure: null }
  #telling: Promise<void> = Promise.resolve()

  constructor(parts: BuildReporterParts<DB>) {
    this.#parts = parts
    this.#timer = setInterval(() => void this.#tell(), REPORT_MS)
  }

  /** For the build to call. */
  readonly listeners = {
    onPhase: (phase: BuildPhase): void => {
      this.#report = { ...this.#report, phase, failure: null }
      void this.#tell()
    },
    onPosition: (position: number): void => this.#pace.add({ position, atMs: performance.now() }),
  }

  /** Aborts when the build was cancelled, or is another instance's now. */
  get ended(): AbortSignal {
    return this.#ending.signal
  }

  end(): void {
    this.#ending.abort()
  }

  /** Tells why the build does not get on. */
  async fail(error: unknown): Promise<void> {
    this.#report = { ...this.#report, failure: error instanceof Error ? error.message : String(error) }
    await this.#tell()
  }

  /** One report after the other, the newest last. */
  #tell(): Promise<void> {
    this.#telling = this.#telling.then(() => this.#tellNow())
    return this.#telling
  }

  async #tellNow(): Promise<void> {
    const { spec, store, generation, builder } = this.#parts
    const report = { ...this.#report, eventsPerSecond: this.#pace.perSecond, builder }
    try {
      if (!(await store.report(spec.database.kysely, generation, report))) this.end()
    } catch (error) {
      // The next report comes in a second; the build notices a lost database by itself.
      spec.logger.warn({ projection: spec.name, err: error }, 'a rebuild could not report')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#telling
  }
}
