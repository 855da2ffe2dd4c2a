import { InvalidArgumentError } from 'commander'

/** The code of a process. */
export interface Entrypoint {
  readonly importPath: string
  readonly exportName: string
}

/** A module and its export, as an option takes them: `release.mjs#process`. */
export function entrypointOption(text: string): Entrypoint {
  const [importPath = '', exportName = '', ...rest] = text.split('#')
  if (importPath === '' || exportName === '' || rest.length > 0)
    throw new InvalidArgumentError('It must name a module and its export, as in release.mjs#process.')
  return { importPath, exportName }
}
