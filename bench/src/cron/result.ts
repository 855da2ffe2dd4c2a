import type { CpuShare } from '../process-cpu.ts'
import type { Lateness, Tally } from './lateness.ts'
import type { OtherEvents } from './starts.ts'

/**
 * How far a start had come: `decided`, `recorded` and `committed` as said in `starts.ts`, which only Daybook tells; `heard`
 * when whoever does the work had it.
 */
export type Step = 'decided' | 'recorded' | 'committed' | 'heard'

/** What is measured: four things of Daybook, and `minute` of the peers. */
export type MeasurementName = 'together' | 'worked' | 'spread' | 'instances' | 'minute'

/** What one system did in one measurement. */
export interface CronResult {
  system: string
  measurement: MeasurementName
  tally: Tally
  /** What else the journal has about these jobs; of a peer nothing is known. */
  others: readonly OtherEvents[]
  /** Of what was heard, how much was heard again; harmless where it says which start it is about. */
  heardAgain: number
  steps: readonly StepLateness[]
  /** Of each kind of process for a thousand starts, as `watch` takes it. */
  cpu: readonly CpuShare[]
}

export interface StepLateness extends Lateness {
  step: Step
}
