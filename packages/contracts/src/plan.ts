import { z } from 'zod';
import { bucketName, findingsPaging, madeId, opaqueId, projectId } from './fields.ts';
import { requestCount } from './operation.ts';
import { syncOutcome } from './operation-log.ts';
import { reason } from './reason-code.ts';
import { listedPrefix, pathTemplate } from './scan.ts';
import { syncItems } from './sync.ts';
import { verificationLevel } from './verification.ts';

/**
 * What a sync would find of an item:
 * - `new`: not recorded yet, and whole as far as was looked;
 * - `changed`: recorded, and the record would follow other names, other content, or what is whole again;
 * - `moved`: recorded at another place;
 * - `same`: recorded as it is;
 * - `conflicting`: contradicts a record that is proved available, or its own image path: nothing would be overwritten;
 * - `incomplete`: still being written, or abandoned;
 * - `broken`: not whole, or its chain is not;
 * - `vanished`: recorded, and nothing lies at the image path;
 * - `absent`: not recorded, and nothing lies at the image path;
 * - `unreadable`: whether it is whole cannot be told now: no right to read it, storage does not answer, …
 * - `copy`: of a bucket: recorded at another place where it still lies, so that a scan lets the record stand;
 * - `forgotten`: of a bucket: deleted from the catalogue, so that a scan leaves it alone.
 */
export const planClasses = [
  'new',
  'changed',
  'moved',
  'same',
  'conflicting',
  'incomplete',
  'broken',
  'vanished',
  'absent',
  'unreadable',
  'copy',
  'forgotten',
] as const;
export const planClass = z.enum(planClasses).meta({ id: 'PlanClass' });
export type PlanClass = z.infer<typeof planClass>;

/** What a sync of one item would come to. */
export const plannedItem = z
  .object({
    backup_id: opaqueId,
    class: planClass,
    outcome: syncOutcome.meta({ description: 'What the sync would do to the catalogue, as far as is known now.' }),
    message: z.string().meta({ description: 'What would happen, one sentence.' }),
    level: verificationLevel
      .nullable()
      .meta({ description: 'Level known now, at most `inventory` unless an earlier proof still holds.' }),
    reason: reason.nullable(),
  })
  .meta({ id: 'PlannedItem' });
export type PlannedItem = z.infer<typeof plannedItem>;

/** What a sync would cost. */
export const syncForecast = z
  .object({
    ...requestCount.shape,
    seconds: z
      .number()
      .nullable()
      .meta({ description: 'At the rate measured so far; null while the bucket’s rate is not known.' }),
  })
  .meta({ id: 'SyncForecast' });
export type SyncForecast = z.infer<typeof syncForecast>;

/** Body of a plan: the items of a sync request. */
export const planSyncRequest = z.object({ sync: syncItems }).meta({ id: 'PlanSyncRequest' });

/** One planned item for each item, in the order of the request. */
export const planSyncAnswer = z
  .object({
    plan: z.array(plannedItem),
    forecast: syncForecast,
    requests: requestCount.meta({ description: 'What the plan itself has cost.' }),
  })
  .meta({ id: 'PlanSyncAnswer' });
export type PlanSyncAnswer = z.infer<typeof planSyncAnswer>;

/** Starts a plan of a bucket: what a scan with `sync` of the same place would do. */
export const startPlanInput = z.object({
  project_id: projectId,
  bucket_name: bucketName,
  prefix: listedPrefix,
  path_template: pathTemplate.optional(),
});

/** The operation that plans; `showOperation` follows it, and its result is a `bucketPlanResult`. */
export const startPlanAnswer = z.object({ operation_id: madeId }).meta({ id: 'StartPlanAnswer' });

/** What a scan with `sync` would come to for one backup that lies in the bucket, or is recorded there. */
export const bucketPlanItem = plannedItem
  .extend({
    backup_id: opaqueId.nullable().meta({ description: 'Null where it cannot be read and is not recorded.' }),
    backup_name: z.string().nullable(),
    bucket_name: z.string(),
    image_path: z.string(),
  })
  .meta({ id: 'BucketPlanItem' });
export type BucketPlanItem = z.infer<typeof bucketPlanItem>;

/** Result of an operation of kind `plan` that saw the whole listing. */
export const bucketPlanResult = z.object({
  objects: z.int().meta({ description: 'Objects listed.' }),
  classes: z.partialRecord(planClass, z.int()).meta({ description: 'How many backups of each class.' }),
  forecast: syncForecast.meta({ description: 'What a scan with `sync` would cost, its own listing included.' }),
});
export type BucketPlanResult = z.infer<typeof bucketPlanResult>;

export const listPlanItemsInput = z.object({
  project_id: projectId,
  operation_id: madeId,
  ...findingsPaging,
});

export const listPlanItemsAnswer = z
  .object({
    plan: z.array(bucketPlanItem),
    next: z.int().meta({ description: 'Give it as `after` for the page that follows.' }),
    ended: z.boolean().meta({ description: 'The plan has ended: what is not on a page now will never be.' }),
    complete: z.boolean().meta({ description: 'The plan has seen the whole listing.' }),
  })
  .meta({ id: 'ListPlanItemsAnswer' });
