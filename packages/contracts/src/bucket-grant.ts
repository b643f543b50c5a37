import { z } from 'zod';
import { bucketName, projectId } from './fields.ts';
import { keyPrefix } from './scan.ts';
import { targetProjectId } from './user.ts';

/** The folder in a bucket that a grant covers. A trailing "/" is added if it has none. */
const grantedPrefix = keyPrefix
  .transform((prefix) => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`))
  .default('')
  .meta({ description: 'Folder in the bucket; empty for the whole bucket.' });

export const bucketGrant = z
  .object({
    project_id: z.string(),
    storage_unit: z.string().meta({ description: 'Storage unit; "*" for every one.' }),
    bucket_name: z.string().meta({ description: 'Bucket; "*", with every storage unit, for every bucket.' }),
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
    description:
      'Grants of the buckets that the first project uses, added because this grant ended its access to every bucket.',
  }),
});

export const listBucketGrantsInput = z.object({ project_id: projectId });
export const listBucketGrantsAnswer = z.object({
  grants: z
    .array(bucketGrant)
    .meta({ description: 'All grants for an administrator, otherwise those of the project.' }),
});
