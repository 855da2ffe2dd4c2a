import type { HttpPlugin } from '@daybook/runtime'
import { type RunCommandParts, runCommands } from './commands.ts'
import { effectCommandRoutes } from './effect-routes.ts'
import { readEffectRoutes } from './read-effect.ts'
import { runCommandRoutes } from './run-routes.ts'

/** Commands on runs and their effects, and single effects. */
export function runRoutes<DB>(parts: RunCommandParts<DB>): HttpPlugin[] {
  const execute = runCommands(parts)
  return [
    ...runCommandRoutes(execute),
    ...effectCommandRoutes({ ...parts, execute }),
    readEffectRoutes(parts.projection),
  ]
}
