import { DaybookError } from '@daybook/errors'
import {
  isUserTypeName,
  noUserTypes,
  readDataSchema,
  type UserType,
  type UserTypes,
  userTypeOf,
} from '@daybook/events'
import type { NumberedSchema } from '../store/schemas.ts'

/**
 * The event types that users have added, in the memory of this instance.
 *
 * A1. A version is never changed and never taken away, except by a restore (`forget`), so what is here is right; the only
 *     question is what is missing.
 * A2. What was added before `refresh` was called is here when it is done: who asks while the table is being read waits
 *     for the reading after that one. So there is at most one reading at a time, however many ask.
 * A3. An unknown type is looked for in the table before it is refused. The signal of another instance only spares that.
 */
export class AddedTypes {
  readonly #readAfter: (number: number) => Promise<NumberedSchema[]>
  readonly #tenants = new Map<string, TypesOfTenant>()
  #number = 0
  #reading: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(readAfter: (number: number) => Promise<NumberedSchema[]>) {
    this.#readAfter = readAfter
  }

  /** Reads what was added since the last time. Errors: `unavailable`. */
  refresh(): Promise<void> {
    if (this.#reading === undefined) return this.#read()
    this.#next ??= this.#reading.then(
      () => this.#read(),
      () => this.#read(),
    )
    return this.#next
  }

  /** After a restore: what was added since the backup is gone, and other versions may get its numbers. */
  forget(): void {
    this.#tenants.clear()
    this.#number = 0
  }

  /**
   * Runs a check with the types known here and, when one is unknown that may have been added elsewhere, once more after a
   * look at the table. An event of Daybook's own types, or of types known here, costs nothing but the check.
   */
  async check<T>(tenant: string, check: (userTypes: UserTypes) => T): Promise<T> {
    try {
      return check(this.#of(tenant))
    } catch (error) {
      if (!mayHaveBeenAdded(error)) throw error
    }
    await this.refresh()
    return check(this.#of(tenant))
  }

  #of(tenant: string): UserTypes {
    return this.#tenants.get(tenant) ?? noUserTypes
  }

  #read(): Promise<void> {
    this.#next = undefined
    const reading = this.#readOnce().finally(() => {
      if (this.#reading === reading) this.#reading = undefined
    })
    this.#reading = reading
    return reading
  }

  async #readOnce(): Promise<void> {
    for (const added of await this.#readAfter(this.#number)) {
      const ofTenant = this.#tenants.get(added.tenant) ?? new TypesOfTenant()
      this.#tenants.set(added.tenant, ofTenant)
      ofTenant.add(userTypeOf(added, () => readDataSchema(JSON.parse(added.schema))))
      this.#number = Math.max(this.#number, added.number)
    }
  }
}

class TypesOfTenant implements UserTypes {
  /** The versions of each type; version v is at v - 1. */
  readonly #versions = new Map<string, UserType[]>()

  add(userType: UserType): void {
    const versions = this.#versions.get(userType.type) ?? []
    versions[userType.v - 1] = userType
    this.#versions.set(userType.type, versions)
  }

  find(type: string, v: number): UserType | undefined {
    return this.#versions.get(type)?.[v - 1]
  }

  versionsOf(type: string): readonly number[] {
    return (this.#versions.get(type) ?? []).map(({ v }) => v)
  }
}

const UNKNOWN = new Set(['unknown-event-type', 'unknown-event-version'])

/** A name that no user can give is not looked for, so that nonsense costs the database nothing. */
function mayHaveBeenAdded(error: unknown): boolean {
  if (!(error instanceof DaybookError) || !UNKNOWN.has(error.code)) return false
  const type = error.details?.['type']
  return typeof type === 'string' && isUserTypeName(type)
}
