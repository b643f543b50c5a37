import { z } from 'zod';
import { bucketName, projectId } from './fields.ts';
import { reason } from './reason-code.ts';

/** Maximum number of buckets that one call tries. */
export const checkedBucketsMax = 20;

/** The requests that a sync makes: list keys, read the head of an object, read an object. */
export const storageRequests = ['list', 'head', 'get'] as const;
export type StorageRequest = (typeof storageRequests)[number];

/** The result of one request. */
const resultOf = (request: string) =>
  z.enum(['allowed', 'refused', 'not_tried']).meta({ description: `Result of ${request}.` });

export const checkedBucket = z
  .object({
    bucket_name: bucketName,
    prefix: z
      .string()
      .meta({ description: 'Prefix that was tried: empty, or the prefix that is granted to the project.' }),
    list: resultOf('listing keys'),
    head: resultOf('reading the head of an object; not_tried if keys cannot be listed'),
    get: resultOf('reading an object; not_tried if keys cannot be listed'),
    refusals: z
      .array(
        z.object({
          request: z.enum(storageRequests).meta({ description: 'The request.' }),
          reason: reason.meta({ description: 'Why it does not work.' }),
        }),
      )
      .meta({ description: 'Requests that do not work, each with the reason and what to do.' }),
    notes: z.array(z.string()).meta({ description: 'Other observations, in plain sentences.' }),
  })
  .meta({ id: 'CheckedBucket', description: 'Which requests of a sync work on a bucket.' });
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

export const checkStorageAnswer = z
  .object({
    storage: z.string().meta({ description: 'Storage unit of the server, without credentials.' }),
    catalogue: z
      .object({
        number: z.string().meta({ description: 'Permanent number of the error.' }),
        message: z.string().meta({ description: 'What happened.' }),
        remedy: z.string().meta({ description: 'What to do about it.' }),
      })
      .nullable()
      .meta({ description: 'Why the catalogue cannot be written now; null if it can.' }),
    buckets: z.array(checkedBucket).meta({ description: 'Buckets that were tried.' }),
    buckets_left_out: z
      .int()
      .meta({ description: `Number of buckets that were not tried: one call tries at most ${checkedBucketsMax}.` }),
  })
  .meta({ id: 'CheckStorageAnswer' });
export type StorageCheck = z.infer<typeof checkStorageAnswer>;
