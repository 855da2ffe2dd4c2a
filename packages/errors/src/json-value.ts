/** Anything that JSON can say. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject

/** A JSON object. A member that is absent and one that is `undefined` mean the same: neither is written. */
export interface JsonObject {
  [key: string]: JsonValue
}
