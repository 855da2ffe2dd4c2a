/** What is sent: how many callers at once, and how many events in each of their requests. */
export interface Shape {
  callers: number
  eventsPerRequest: number
}

/** One system under test. It keeps no connections between two measurements: an idle one costs its neighbours. */
export interface Scenario {
  name: string
  label: string
  /** Whose version the report names. */
  packageName: string
  /** Whether the system has something to show at this shape; always, where this is left out. */
  takesPart?(shape: Shape): boolean
  open(shape: Shape): Promise<Session>
  /** Waits for work that appends cause later (such as the relay), so that the next system does not pay for it. */
  settle?(signal: AbortSignal): Promise<void>
  /** Events of this scenario that are stored now. */
  count(): Promise<number>
}

/** The connections and the callers of one measurement. */
export interface Session extends AsyncDisposable {
  /**
   * Resolves when one request of this caller (0, 1, …) is acknowledged as durable; rejects otherwise. `onEvent` is told
   * the id of each event before it is sent, where the system keeps ids of its callers.
   */
  append(caller: number, onEvent?: (id: string) => void): Promise<void>
}
