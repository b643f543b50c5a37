import { z } from 'zod';
import { backupId, bucketName, findingsPage, findingsPaging, operationId, projectId, shown } from './fields.ts';
import { limitsOfProof } from './gap.ts';
import { requestCount } from './operation.ts';
import { syncOutcome } from './operation-log.ts';
import { reason } from './reason-code.ts';
import { listedPrefix, pathTemplate } from './scan.ts';
import { syncItems } from './sync.ts';
import { verificationLevel } from './verification.ts';

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
export const planClass = z.enum(planClasses).meta({
  id: 'PlanClass',
  description:
    'How the plan classifies the backup. new: not recorded yet, and whole as far as the plan checked. ' +
    'changed: recorded; the record would be updated with other names or content, or because it is whole again. ' +
    'moved: recorded at another place. same: recorded exactly as it is. ' +
    'conflicting: contradicts a record that is proved available, or its own image path; nothing would be overwritten. ' +
    'incomplete: still being written, or abandoned. broken: the backup or its chain is not whole. ' +
    'vanished: recorded, but nothing is stored at the image path. ' +
    'absent: not recorded, and nothing is stored at the image path. ' +
    'unreadable: unknown whether it is whole: access is denied, storage does not answer, and so on. ' +
    'copy: in a plan of a bucket, recorded at another place where it is still stored, so a scan keeps the record. ' +
    'forgotten: in a plan of a bucket, deleted from the catalogue, so a scan ignores it.',
});
export type PlanClass = z.infer<typeof planClass>;

export const plannedItem = z
  .object({
    backup_id: backupId,
    class: planClass,
    outcome: syncOutcome.meta({ description: 'What the sync would do to the catalogue, as far as the plan can show.' }),
    message: z.string().meta({ description: 'What would happen, in one sentence.' }),
    level: verificationLevel
      .nullable()
      .meta({ description: 'Level known now: at most `inventory`, unless an earlier proof still holds.' }),
    ...limitsOfProof,
    reason: reason.nullable().meta({
      description: 'Problem that the sync would report; null if there is none.',
    }),
  })
  .meta({ id: 'PlannedItem', description: 'What a sync would do with one item.' });
export type PlannedItem = z.infer<typeof plannedItem>;

export const syncForecast = z
  .object({
    ...requestCount.shape,
    seconds: z.number().nullable().meta({
      description: 'Duration in seconds at the rate measured so far; null if the rate of the bucket is unknown.',
    }),
  })
  .meta({ id: 'SyncForecast', description: 'Cost of a sync: requests to storage, and time.' });
export type SyncForecast = z.infer<typeof syncForecast>;

/** Body of a plan request: the items of a sync request. */
export const planSyncRequest = z.object({ sync: syncItems }).meta({ id: 'PlanSyncRequest' });

export const planSyncAnswer = z
  .object({
    plan: z.array(plannedItem).meta({ description: 'One planned item for each item, in the order of the request.' }),
    forecast: syncForecast,
    requests: requestCount.meta({ description: 'Requests that the plan itself made.' }),
  })
  .meta({ id: 'PlanSyncAnswer' });
export type PlanSyncAnswer = z.infer<typeof planSyncAnswer>;

/** Input of a plan of a bucket: what a scan with `sync` of the same place would do. */
export const startPlanInput = z.object({
  project_id: projectId,
  bucket_name: bucketName,
  prefix: listedPrefix,
  path_template: pathTemplate.optional(),
});

/** Id of the operation that plans. `showOperation` shows its progress; its result is a `bucketPlanResult`. */
export const startPlanAnswer = z.object({ operation_id: operationId }).meta({ id: 'StartPlanAnswer' });

export const bucketPlanItem = plannedItem
  .extend({
    backup_id: backupId
      .nullable()
      .meta({ description: 'Id of the backup; null if it cannot be read and is not recorded.' }),
    backup_name: z
      .string()
      .nullable()
      .meta({ description: 'Name of the backup; null if it cannot be read and is not recorded.' }),
    bucket_name: shown.bucketName,
    image_path: shown.imagePath,
  })
  .meta({
    id: 'BucketPlanItem',
    description: 'What a scan with import would do with one backup that is stored in the bucket, or recorded there.',
  });
export type BucketPlanItem = z.infer<typeof bucketPlanItem>;

/** Result of an operation of kind `plan` that read the whole listing. */
export const bucketPlanResult = z.object({
  objects: z.int().meta({ description: 'Objects listed.' }),
  classes: z.partialRecord(planClass, z.int()).meta({ description: 'Number of backups in each class.' }),
  forecast: syncForecast.meta({ description: 'Cost of a scan with `sync`, including its listing.' }),
});
export type BucketPlanResult = z.infer<typeof bucketPlanResult>;

export const listPlanItemsInput = z.object({
  project_id: projectId,
  operation_id: operationId,
  ...findingsPaging,
});

export const listPlanItemsAnswer = z
  .object({
    plan: z.array(bucketPlanItem).meta({ description: 'Items of this page, in the order of planning.' }),
    next: findingsPage.next,
    ended: z.boolean().meta({ description: 'Whether the plan has ended: then no more items are added.' }),
    complete: z.boolean().meta({ description: 'Whether the plan has read the whole listing.' }),
  })
  .meta({ id: 'ListPlanItemsAnswer' });
