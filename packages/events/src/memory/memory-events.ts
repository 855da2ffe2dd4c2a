import type { JsonObject } from '@daybook/errors'
import { Type } from 'typebox'
import { defineEvent } from '../event-type.ts'
import { ULID_PATTERN } from '../id.ts'
import { INSTANT_PATTERN } from '../instant.ts'

const { Optional, String: Text } = Type

/** 16 Ki: what is longer is a document, of which a memory holds the gist. */
const TEXT_CHARACTERS_MAX = 16_384
/** More than anybody gives by hand; by as many a search can still be narrowed down. */
const TAGS_MAX = 64

export const memoryRetained = defineEvent({
  kind: 'memory',
  type: 'MEMORY_RETAINED',
  v: 1,
  description:
    'Something is to be remembered, within the scope that the stream names: memory/user/ada, memory/agent/digest.',
  schema: Type.Object(
    {
      item: Optional(
        Text({
          pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$',
          description: 'What it is known by; the id of the event unless told',
        }),
      ),
      text: Text({ minLength: 1, maxLength: TEXT_CHARACTERS_MAX }),
      tags: Optional(
        Type.Array(Text({ pattern: '^[^\\u0000-\\u001f\\u007f]{1,100}$' }), {
          maxItems: TAGS_MAX,
          uniqueItems: true,
        }),
      ),
      metadata: Optional(Type.Unsafe<JsonObject>({ type: 'object' })),
      source: Type.Enum(['user-message', 'tool-result', 'summary', 'manual', 'import'], {
        description: 'Where it comes from',
      }),
      sourceEventId: Optional(
        Text({
          pattern: ULID_PATTERN,
          description: 'The event that it was made of: what takes that back, takes this back as well',
        }),
      ),
      confidence: Optional(
        Type.Number({ minimum: 0, maximum: 1, description: 'How sure its maker is; 1 is certain' }),
      ),
      expiresAt: Optional(
        Text({ pattern: INSTANT_PATTERN, description: 'From then on it need not be remembered' }),
      ),
    },
    { additionalProperties: false },
  ),
})
