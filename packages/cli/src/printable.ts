/**
 * Text of unknown making, safe to show: control characters would move the cursor, change colours or fake other lines.
 * C0, DEL, C1, and the characters that reverse the direction of writing.
 */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** At most `charsMax` characters of `text`, printable; a cut is shown. */
export function short(text: string, charsMax: number): string {
  const characters = charactersOf(printable(text))
  return characters.length <= charsMax
    ? characters.join('')
    : `${characters.slice(0, charsMax - 1).join('')}…`
}

const segmenter = new Intl.Segmenter('en')

/** What a reader takes for one character, which may be several UTF-16 units: an emoji must not be cut, nor shift a line. */
export function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}
