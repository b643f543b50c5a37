import { z } from 'zod';
import { bucketName, projectId } from './fields.ts';
import { keyPrefix } from './scan.ts';
import { targetProjectId } from './user.ts';

/** The folder within a bucket that a grant covers. One closing "/" is added where it has none. */
const grantedPrefix = keyPrefix
  .transform((prefix) => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`))
  .default('')
  .meta({ description: 'Folder within the bucket; empty: the whole bucket.' });

export const bucketGrant = z
  .object({
    project_id: z.string(),
    storage_unit: z.string().meta({ description: '"*": every one.' }),
    bucket_name: z.string().meta({ description: '"*" with every storage unit: every bucket.' }),
    prefix: z.string(),
  })
  .meta({ id: 'BucketGrant' });
export type BucketGrant = z.infer<typeof bucketGrant>;

export const bucketGrantInput = z.object({
  project_id: projectId,
  target_project_id: targetProjectId,
  bucket_name: bucketName,
  prefix: grantedPrefix,
});

export const grantBucketAnswer = z.object({
  grant: bucketGrant,
  made_explicit: z.array(bucketGrant).meta({
    description: 'What the first project had in use of every bucket, where this grant ended that.',
  }),
});

export const listBucketGrantsInput = z.object({ project_id: projectId });
export const listBucketGrantsAnswer = z.object({
  grants: z.array(bucketGrant).meta({ description: "All of them for an administrator, else the project's own." }),
});
