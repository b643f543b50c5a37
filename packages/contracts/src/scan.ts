import { z } from 'zod';
import {
  backupId,
  bucketName,
  findingsPage,
  findingsPaging,
  joined,
  madeId,
  operationId,
  projectId,
  shown,
  text,
  wireTime,
} from './fields.ts';
import { imagePathProblem } from './image-path.ts';
import { parsePathTemplate } from './path-template.ts';
import { type Reason, reason } from './reason-code.ts';
import { backupSync } from './sync.ts';
import { backupFormat } from './verification.ts';

/** Maximum number of bytes of an S3 key. */
const prefixMaxBytes = 1024;

/** A prefix of keys in a bucket; empty for the whole bucket. */
export const keyPrefix = z
  .string()
  .superRefine((prefix, context) => {
    const bytes = new TextEncoder().encode(prefix).length;
    if (bytes > prefixMaxBytes) {
      context.addIssue({ code: 'custom', message: `must have at most ${prefixMaxBytes} bytes, has ${bytes}` });
    }
    const path = prefix.replace(/\/$/, '');
    const problem = prefix === '' ? undefined : imagePathProblem(path);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({
    description: 'Only keys that start with this prefix; empty for the whole bucket.',
    maxLength: prefixMaxBytes,
  });

/** The part of a bucket that is listed. */
export const listedPrefix = keyPrefix.default('').meta({
  description:
    'Only keys that start with this prefix; empty for the whole bucket. Snapshot folders of a filer (.snapshot, ~snapshot, .zfs/snapshot, #snapshot, @Recently-Snapshot) are ignored unless the prefix leads into one.',
  maxLength: prefixMaxBytes,
});

/** A path template; see {@link parsePathTemplate} for its form. */
export const pathTemplate = text(1, 1024)
  .superRefine((template, context) => {
    const parsed = parsePathTemplate(template);
    if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem });
  })
  .meta({
    description:
      'Finds backups in unknown formats. It describes the image path from the root of the bucket and must contain {backup_id}. {backup_name}, {resource_id} and {resource_name} are read too. Other names match any text.',
    example: '{plan_id}/{resource_id}/{backup_id}',
  });

export const startScanInput = z.object({
  project_id: projectId,
  bucket_name: bucketName,
  prefix: listedPrefix,
  path_template: pathTemplate.optional(),
  sync: z.boolean().default(false).meta({ description: 'Also import the new, changed and moved backups.' }),
  with_ancestors: z
    .boolean()
    .default(false)
    .meta({ description: 'Also find the ancestors of the backups found, if they are outside the prefix.' }),
});

/**
 * Id of the operation that scans; `showOperation` shows its progress. The same scan is joined while it waits or lists.
 */
export const startScanAnswer = z.object({ operation_id: operationId, joined }).meta({ id: 'StartScanAnswer' });

export const findingStates = [
  'new',
  'changed',
  'known',
  'moved',
  'copy',
  'forgotten',
  'incomplete',
  'unreadable',
] as const;
export const findingState = z.enum(findingStates).meta({
  id: 'FindingState',
  description:
    'How the scan classifies the backup that it found. new: not recorded. ' +
    'changed: recorded at this place, but an object was added, replaced or lost since, or the recorded result may be ' +
    'outdated: the fault may have passed by itself, or the parent at fault is whole again. ' +
    'known: recorded at this place, with every object unchanged. ' +
    'moved: no longer at the recorded place, or broken there, so this one may replace it. ' +
    'copy: recorded at another place where it is still stored, so the record stays. ' +
    'forgotten: deleted from the catalogue; only an explicit sync imports it again. ' +
    'incomplete: its commit mark is missing or partial: it is still being written, abandoned or partly deleted. ' +
    'unreadable: its metadata cannot be read, or does not fit into a sync request.',
});
export type FindingState = z.infer<typeof findingState>;

/** Whether a scan with `sync` imports a finding in this state, and the command `scan` prints it as an item to sync. */
export function isToSync(state: FindingState): boolean {
  return state === 'new' || state === 'changed' || state === 'moved';
}

/** Whether a scan counts the finding as a problem. Problems of known and forgotten backups do not count. */
export function hasProblem(finding: ScanFinding): finding is ScanFinding & { problem: Reason } {
  const { state, problem } = finding;
  return problem !== null && state !== 'known' && state !== 'forgotten';
}

/** An item of a sync request with every field present. OpenAPI describes input and output by separate schemas. */
const foundItem = z
  .object(backupSync.shape)
  .meta({ id: 'FoundBackup', description: 'An item of a sync request, with every field.' });

export const scanFinding = z
  .object({
    state: findingState,
    format: backupFormat,
    bucket_name: shown.bucketName,
    image_path: shown.imagePath,
    sync: foundItem.nullable().meta({ description: 'Item of a sync request; null if it cannot be built.' }),
    original_name: z
      .string()
      .nullable()
      .meta({ description: 'Name that the backup program gave, if it cannot be the backup_name; null otherwise.' }),
    parent_backup_id: backupId.nullable().meta({
      description: 'Id of the parent; null if there is none, or it is not known.',
    }),
    newest_object_at: wireTime
      .nullable()
      .meta({ description: 'When the newest object of an incomplete backup was written; null for other backups.' }),
    problem: reason
      .nullable()
      .meta({ description: 'Why the backup is incomplete, unreadable or in error; null if no problem was found.' }),
    operation_log_id: madeId
      .nullable()
      .meta({ description: 'Id of the import that was accepted for this backup; null if none was.' }),
  })
  .meta({ id: 'ScanFinding', description: 'A backup that a scan found.' });
export type ScanFinding = z.infer<typeof scanFinding>;

export const listScanFindingsInput = z.object({
  project_id: projectId,
  operation_id: operationId,
  ...findingsPaging,
});

export const listScanFindingsAnswer = z
  .object({
    findings: z.array(scanFinding).meta({ description: 'Findings of this page, in the order of the scan.' }),
    next: findingsPage.next,
    ended: z.boolean().meta({ description: 'Whether the scan has ended: then no more findings are added.' }),
    complete: z
      .boolean()
      .meta({ description: 'Whether the scan has read the whole listing, whatever the result of its imports.' }),
  })
  .meta({ id: 'ListScanFindingsAnswer' });
