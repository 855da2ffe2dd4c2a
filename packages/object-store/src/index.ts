export type { ObjectStore, PutOptions } from './object-store.ts'
export { openObjectStore, type S3Access } from './open.ts'
