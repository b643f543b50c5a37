import { z } from 'zod';
import {
  backupId,
  backupName,
  bucketName,
  imagePath,
  meets,
  opaqueId,
  operationId,
  resourceId,
  text,
} from './fields.ts';

/** Resource type that CBR assumes if a request names none. */
export const defaultResourceType = 'OS::Native::Server';

const wholeSeconds = 'must be whole seconds since 1970';

/** The latest time that CBR allows: it has 32 bits. */
export const lastSecond = 2 ** 31 - 1;

/** Maximum number of items in one sync call. */
export const syncItemsMax = 50;

/**
 * One backup to import: `BackupSync` of CBR's *Synchronizing a Backup*. Unknown keys are ignored.
 *
 * The published pattern of `backup_name` is not anchored, so it refuses nothing. Only the length is checked.
 */
export const backupSync = z
  .object({
    backup_id: opaqueId.meta({ description: 'Id of the backup, chosen by the caller and unique in the project.' }),
    backup_name: backupName,
    bucket_name: bucketName.meta({ description: 'Bucket in which the backup is stored.' }),
    image_path: imagePath,
    resource_id: resourceId,
    resource_name: text(0, 255).meta({ description: 'Name of the resource that was backed up.' }),
    resource_type: text(1, 255)
      .default(defaultResourceType)
      .meta({ description: 'Type of the resource, e.g. OS::Native::Server or OS::VMware::Server.' }),
    created_at: z
      .number({
        error: ({ input }) => (input === undefined ? undefined : `${wholeSeconds}, as a number such as 1772330400`),
      })
      .check(
        meets(
          (value) => (Number.isInteger(value) ? undefined : `${wholeSeconds}, without a fraction`),
          (value) => (value < 0 ? `${wholeSeconds}; a time before 1970 is not possible` : undefined),
          (value) => (value > lastSecond ? `${wholeSeconds}, not milliseconds; it must fit 32 bits` : undefined),
        ),
      )
      .meta({
        description: 'When the backup was made, in whole seconds since 1970.',
        example: 1548898428,
        type: 'integer',
        format: 'int32',
        minimum: 0,
        maximum: lastSecond,
      }),
  })
  .meta({ id: 'BackupSync', description: 'A backup to import. Fields that are not listed here are ignored.' });

export type BackupSync = z.output<typeof backupSync>;
export type BackupSyncInput = z.input<typeof backupSync>;

/** The items of one sync call: 1 to 50, no backup twice. */
export const syncItems = z
  .array(backupSync)
  .min(1, 'must have at least one item')
  .max(syncItemsMax, `must have at most ${syncItemsMax} items; split the list over several calls`)
  // Runs even if items have other problems, so that the error names every problem.
  .superRefine(refuseRepeats, { when: ({ value }) => Array.isArray(value) })
  .meta({ description: 'Backups, each at most once.' });

function refuseRepeats(items: readonly unknown[], context: z.RefinementCtx): void {
  const first = new Map<unknown, number>();
  for (const [index, item] of items.entries()) {
    if (typeof item !== 'object' || item === null || !('backup_id' in item)) continue;
    const earlier = first.get(item.backup_id);
    if (earlier === undefined) first.set(item.backup_id, index);
    else
      context.addIssue({ code: 'custom', path: [index, 'backup_id'], message: `repeats sync[${earlier}].backup_id` });
  }
}

/** Body of `POST /v3/{project_id}/backups/sync`. */
export const syncBackupsRequest = z.object({ sync: syncItems }).meta({ id: 'SyncBackupsRequest' });
export type SyncBackupsRequest = z.input<typeof syncBackupsRequest>;

/** Body of an import: {@link syncBackupsRequest} with fields that CBR does not have. */
export const importBackupsRequest = z
  .object({
    sync: syncItems,
    with_ancestors: z.boolean().default(false).meta({
      description: 'Also import the ancestors of these backups that are in their bucket and not recorded yet.',
    }),
  })
  .meta({ id: 'ImportBackupsRequest' });

export const syncBackupsAnswer = z
  .object({
    sync: z
      .array(
        z.object({
          backup_id: backupId,
          operation_log_id: operationId.meta({
            description: 'Id of the import, an operation: its log shows how it ends.',
          }),
        }),
      )
      .meta({ description: 'One import for each item, in the order of the request.' }),
  })
  .meta({ id: 'SyncBackupsAnswer' });
export type SyncBackupsAnswer = z.infer<typeof syncBackupsAnswer>;
