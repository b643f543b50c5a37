import { z } from 'zod';
import { bucketName, projectId } from './fields.ts';
import { reason } from './reason-code.ts';

/** The most buckets that one call tries. */
export const checkedBucketsMax = 20;

/** The requests that a sync makes: list keys, read the head of an object, read an object. */
export const storageRequests = ['list', 'head', 'get'] as const;
export type StorageRequest = (typeof storageRequests)[number];

const result = z.enum(['allowed', 'refused', 'not_tried']);

/** Which requests of a sync work on a bucket. */
export const checkedBucket = z
  .object({
    bucket_name: bucketName,
    prefix: z
      .string()
      .meta({ description: 'Prefix that was tried: empty, or the prefix that is granted to the project.' }),
    list: result,
    head: result,
    get: result,
    refusals: z
      .array(z.object({ request: z.enum(storageRequests), reason }))
      .meta({ description: 'Requests that do not work, each with the reason and what to do.' }),
    notes: z.array(z.string()).meta({ description: 'Other observations, in plain sentences.' }),
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
    .meta({ description: "Buckets to try (default: those of the project's sources and grants)." }),
});

export const checkStorageAnswer = z.object({
  storage: z.string().meta({ description: 'Storage unit of the server, without credentials.' }),
  catalogue: z
    .object({ number: z.string(), message: z.string(), remedy: z.string() })
    .nullable()
    .meta({ description: 'Why the catalogue cannot be written now; null if it can.' }),
  buckets: z.array(checkedBucket),
  buckets_left_out: z
    .int()
    .meta({ description: `Number of buckets that were not tried: one call tries at most ${checkedBucketsMax}.` }),
});
export type StorageCheck = z.infer<typeof checkStorageAnswer>;
