import type { EdgeProof } from '../link.ts';

/** Checks that took an ETag for a verdict, and did not read the object. */
const etagChecks: ReadonlySet<string> = new Set(['cinder/1', 'cinder/2', 'manifest/1']);

/** Whether an older check found a fault that the present one may not find, though nothing has changed. */
export function isSuperseded({ checkVersion, fault }: Pick<EdgeProof, 'checkVersion' | 'fault'>): boolean {
  return fault?.code === 'object_etag_mismatch' && etagChecks.has(checkVersion);
}
