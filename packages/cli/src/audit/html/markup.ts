import { printable } from '../../printable.ts'

/** Text that is HTML already. Only `markup` makes it, so nothing gets into a page without having been escaped. */
class Markup {
  readonly html: string

  constructor(html: string) {
    this.html = html
  }
}

export type { Markup }

type Piece = Markup | string | number | readonly Markup[]

/** A template whose values are escaped, unless they were made by this same function. */
export function markup(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(
    strings.map((text, index) => (index === 0 ? '' : htmlOf(pieces[index - 1])) + text).join(''),
  )
}

/** What stands where there is nothing to say. */
export const nothing: Markup = new Markup('')

function htmlOf(piece: Piece | undefined): string {
  if (piece === undefined) return ''
  if (piece instanceof Markup) return piece.html
  if (typeof piece === 'object') return piece.map(({ html }) => html).join('')
  // Control characters, and those that reverse the direction of writing, are shown as what they are.
  return printable(String(piece)).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}
