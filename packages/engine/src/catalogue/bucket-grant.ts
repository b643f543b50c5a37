import type { StorageGrant } from '../storage/grants.ts';

/**
 * A grant: a bucket, or a folder of one, that a project may use. The first project starts with a grant of `everything`.
 */
export type BucketGrant = StorageGrant & { readonly projectId: string };
