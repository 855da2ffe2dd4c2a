import { Type } from 'typebox'

const { Boolean: Flag, Integer, Object: Struct, Optional, String: Text } = Type

/** Something that was wrong with a directory of files from which a run came in. */
export const findingSchema = Struct(
  {
    code: Text({ minLength: 1 }),
    detail: Text(),
    file: Optional(Text({ minLength: 1 })),
    seq: Optional(Integer({ minimum: 0 })),
    leftOut: Optional(
      Flag({ description: 'The event in this file is not among the events of the run; its bytes are kept' }),
    ),
  },
  { additionalProperties: false },
)
