import { DaybookError } from '@daybook/errors'
import { folderStore } from './folder.ts'
import type { ObjectStore } from './object-store.ts'
import { s3Store } from './s3.ts'

/** The credentials for an S3-compatible service, and where it is unless it is AWS. */
export interface S3Access {
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
}

/** What services that are not AWS expect when nothing is said. */
const DEFAULT_REGION = 'us-east-1'

/** Opens a folder by its path, or a bucket by `s3://bucket/prefix`. Opens no connection. Errors: `invalid-usage`. */
export function openObjectStore(location: string, access: S3Access = {}): ObjectStore {
  const bucket = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,62})(?:\/(.*))?$/.exec(location)
  if (bucket === null) {
    if (!location.includes('://')) return folderStore(location)
    throw new DaybookError('invalid-usage', 'An object store is a folder, or s3://bucket/prefix.')
  }
  const { endpoint, region = DEFAULT_REGION, accessKeyId, secretAccessKey } = access
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new DaybookError('invalid-usage', `${location} needs an access key id and a secret access key.`)
  }
  const prefix = (bucket[2] ?? '').replaceAll(/^\/+|\/+$/g, '')
  return s3Store({
    bucket: bucket[1] ?? '',
    prefix: prefix === '' ? '' : `${prefix}/`,
    region,
    accessKeyId,
    secretAccessKey,
    ...(endpoint !== undefined && { endpoint }),
  })
}
