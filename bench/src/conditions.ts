import type { Machine } from './machine.ts'
import type { PostgresSettings } from './postgres-settings.ts'
import { formatMs } from './table.ts'
import { readVersions } from './versions.ts'

/** One system that was measured. */
export interface System {
  name: string
  label: string
  package: string
  version: string
}

/** What the figures of a comparison depend on besides what is measured. */
export interface Surroundings {
  startedAt: string
  machine: Machine
  postgres: PostgresSettings & { from: string }
  nats: { version: string; syncInterval: string }
  systems: readonly System[]
}

/** What the figures of a comparison in rounds depend on. */
export interface Conditions extends Surroundings {
  plan: { rounds: number; durationMs: number }
}

export async function describeSystems(
  scenarios: readonly { name: string; label: string; packageName: string }[],
): Promise<System[]> {
  const versionOf = await readVersions()
  return scenarios.map(({ name, label, packageName }) => ({
    name,
    label,
    package: packageName,
    version: versionOf(packageName),
  }))
}

/** `latency` says of what the latencies are. */
export function renderConditions(conditions: Conditions, latency: string): string {
  const { rounds, durationMs } = conditions.plan
  return [
    renderSurroundings(conditions),
    `Measured  ${rounds} × ${durationMs / 1000} s each, medians; load generator and servers share the machine; latency is ${latency}`,
    ...(rounds > 1 ? [] : ['          A quick run: too short to rely on.']),
  ].join('\n')
}

export function renderSurroundings({ machine, postgres, nats, systems }: Surroundings): string {
  return [
    `Machine   ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, a disk flush takes ${formatMs(machine.diskFlushMs)} ms`,
    `Postgres  ${postgres.server_version} (${postgres.from}), fsync ${postgres.fsync}, synchronous_commit ${postgres.synchronous_commit}, shared_buffers ${postgres.shared_buffers}`,
    `NATS      ${nats.version}, sync_interval ${nats.syncInterval}`,
    `Versions  ${[...new Set(systems.map(({ package: name, version }) => `${name} ${version}`))].join(', ')}`,
  ].join('\n')
}

export function labelOf({ systems }: Pick<Surroundings, 'systems'>, name: string): string {
  return systems.find((system) => system.name === name)?.label ?? name
}
