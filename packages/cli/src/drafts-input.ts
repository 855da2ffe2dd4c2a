import { DaybookError, type JsonObject, type JsonValue } from '@daybook/errors'
import { type AppendRequest, decodeUtf8, parseAppendRequest, parseJson } from '@daybook/events'

/** What to append, as requests: a request is atomic. */
export type DraftsInput = readonly AppendRequest[]
