import { z } from 'zod';
import { bucketName, projectId } from './fields.ts';
import { keyPrefix } from './scan.ts';
import { targetProjectId } from './user.ts';

/** The folder in a bucket that a grant covers. A trailing "/" is added if it has none. */
const grantedPrefix = keyPrefix
  .transform((prefix) => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`))
  .default('')
  .meta({ description: 'Folder in the bucket; empty (the default) for the whole bucket.' });

export const bucketGrant = z
  .object({
    project_id: z.string().meta({ description: 'Id of the project that may use the bucket.' }),
    storage_unit: z.string().meta({ description: 'Id of the storage unit; "*" for every one.' }),
    bucket_name: z
      .string()
      .meta({ description: 'Name of the bucket; "*", with every storage unit, for every bucket.' }),
    prefix: z.string().meta({ description: 'Folder in the bucket, which ends in "/"; empty for the whole bucket.' }),
  })
  .meta({ id: 'BucketGrant', description: 'The permission of a project to use a bucket, or a folder of one.' });
export type BucketGrant = z.infer<typeof bucketGrant>;

export const bucketGrantInput = z.object({
  project_id: projectId,
  target_project_id: targetProjectId,
  bucket_name: bucketName,
  prefix: grantedPrefix,
});

export const grantBucketAnswer = z
  .object({
    grant: bucketGrant,
    made_explicit: z.array(bucketGrant).meta({
      description:
        'Grants of the buckets that the first project uses, added because this grant ended its access to every bucket.',
    }),
  })
  .meta({ id: 'GrantBucketAnswer' });

export const listBucketGrantsInput = z.object({ project_id: projectId });
export const listBucketGrantsAnswer = z
  .object({
    grants: z
      .array(bucketGrant)
      .meta({ description: 'All grants for an administrator, otherwise those of the project.' }),
  })
  .meta({ id: 'ListBucketGrantsAnswer' });
