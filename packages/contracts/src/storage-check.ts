import { z } from 'zod';
import { bucketName, projectId } from './fields.ts';
import { reason } from './reason-code.ts';

/** Most buckets that one call tries. */
export const checkedBucketsMax = 20;

/** The requests that a sync makes: a listing, the head of an object, and an object. */
export const storageRequests = ['list', 'head', 'get'] as const;
export type StorageRequest = (typeof storageRequests)[number];

const result = z.enum(['allowed', 'refused', 'not_tried']);

/** What a bucket lets backup-sync do, by the requests that a sync makes. */
export const checkedBucket = z
  .object({
    bucket_name: bucketName,
    prefix: z
      .string()
      .meta({ description: 'Where in the bucket it was tried: empty, or what the project is granted.' }),
    list: result,
    head: result,
    get: result,
    refusals: z
      .array(z.object({ request: z.enum(storageRequests), reason }))
      .meta({ description: 'Why a request does not work, and what to do.' }),
    notes: z.array(z.string()).meta({ description: 'What else was seen, in plain sentences.' }),
  })
  .meta({ id: 'CheckedBucket' });
export type CheckedBucket = z.infer<typeof checkedBucket>;

export const checkStorageInput = z.object({
  project_id: projectId,
  bucket_names: z
    .array(bucketName)
    .min(1)
    .max(checkedBucketsMax)
    .optional()
    .meta({ description: 'Buckets to try; by default those of the sources and grants of the project.' }),
});

export const checkStorageAnswer = z.object({
  storage: z.string().meta({ description: 'The storage unit of the server, without credentials.' }),
  catalogue: z
    .object({ number: z.string(), message: z.string(), remedy: z.string() })
    .nullable()
    .meta({ description: 'Why the catalogue cannot be written now; null if it can.' }),
  buckets: z.array(checkedBucket),
  buckets_left_out: z
    .int()
    .meta({ description: `Buckets that were not tried, since one call tries ${checkedBucketsMax} at most.` }),
});
export type StorageCheck = z.infer<typeof checkStorageAnswer>;
