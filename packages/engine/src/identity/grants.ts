import type { StorageGrant } from '../storage/grants.ts';

/** A bucket, or a folder of one, that a project may use. The first project begins with a grant of `everything`. */
export type BucketGrant = StorageGrant & { readonly projectId: string };

/**
 * Which buckets belong to which projects. Each method is one atomic step, on disk once it has answered.
 *
 * - The grant of everything ends with a second project: `addGrant` to another project puts grants by name in its place,
 *   of the buckets that its project has backups, sources or unfinished operations in. It answers these; an empty list
 *   where there was nothing to end.
 * - `listGrants` answers those of one project, or all with null; by project, bucket and prefix.
 */
export interface GrantStore {
  addGrant(grant: BucketGrant): Promise<readonly BucketGrant[]>;
  removeGrant(grant: BucketGrant): Promise<boolean>;
  listGrants(projectId: string | null): Promise<readonly BucketGrant[]>;
}
