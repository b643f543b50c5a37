import { z } from 'zod';
import { bucketName, findingsPaging, joined, madeId, opaqueId, projectId, text, wireTime } from './fields.ts';
import { imagePathProblem } from './image-path.ts';
import { parsePathTemplate } from './path-template.ts';
import { type Reason, reason } from './reason-code.ts';
import { backupSync } from './sync.ts';
import { backupFormat } from './verification.ts';

/** S3 keys end at 1,024 bytes. */
const prefixMaxBytes = 1024;

/** Where in a bucket to look; empty for the whole bucket. */
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
    description: 'Only what lies under keys that begin so; empty: the whole bucket.',
    maxLength: prefixMaxBytes,
  });

/** The part of a bucket that is listed. */
export const listedPrefix = keyPrefix.default('').meta({
  description:
    'Only what lies under keys that begin so; empty: the whole bucket. Snapshot folders of a filer (.snapshot, ~snapshot, .zfs/snapshot, #snapshot, @Recently-Snapshot) are passed over unless the prefix leads into one.',
  maxLength: prefixMaxBytes,
});

/** See {@link parsePathTemplate}. */
export const pathTemplate = text(1, 1024)
  .superRefine((template, context) => {
    const parsed = parsePathTemplate(template);
    if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem });
  })
  .meta({
    description:
      'Finds backups in formats that are not known: the image path from the root of the bucket, {backup_id} in it; {backup_name}, {resource_id} and {resource_name} are read too, other names stand for anything.',
    example: '{plan_id}/{resource_id}/{backup_id}',
  });

export const startScanInput = z.object({
  project_id: projectId,
  bucket_name: bucketName,
  prefix: listedPrefix,
  path_template: pathTemplate.optional(),
  sync: z.boolean().default(false).meta({ description: 'Bring in at once what is new, changed or moved.' }),
  with_ancestors: z
    .boolean()
    .default(false)
    .meta({ description: 'Find the ancestors too of what is found, where they lie outside the prefix.' }),
});

/** The operation that scans; `showOperation` follows it. The same scan is joined while it waits or lists. */
export const startScanAnswer = z.object({ operation_id: madeId, joined }).meta({ id: 'StartScanAnswer' });

/**
 * What a scan makes of a backup that it found:
 * - `new`: not recorded;
 * - `changed`: recorded at this place, and an object of it was added, replaced or lost since, or what was recorded may be
 *   otherwise by now: a fault that passes by itself, or one of a parent that is whole again;
 * - `known`: recorded here, and every object is as it was then;
 * - `moved`: the recorded place no longer has it, or has it broken: this one may replace it;
 * - `copy`: recorded at another place where it still lies, so that the record stands;
 * - `forgotten`: deleted from the catalogue; only an explicit sync brings it back;
 * - `incomplete`: without its commit mark, or with half of it: still being written, or abandoned, or half deleted;
 * - `unreadable`: its metadata cannot be read, or cannot be put into a sync request.
 */
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
export const findingState = z.enum(findingStates).meta({ id: 'FindingState' });
export type FindingState = z.infer<typeof findingState>;

/** Whether a scan that imports brings this in, and `scan` of the command line puts it out as an item to sync. */
export function isToSync(state: FindingState): boolean {
  return state === 'new' || state === 'changed' || state === 'moved';
}

/** Whether a scan counts the finding as one with a problem: what is recorded, or was forgotten, is not its concern. */
export function hasProblem(finding: ScanFinding): finding is ScanFinding & { problem: Reason } {
  const { state, problem } = finding;
  return problem !== null && state !== 'known' && state !== 'forgotten';
}

/** As it comes out: every field is there. A schema of its own, since OpenAPI describes the two apart. */
const foundItem = z.object(backupSync.shape).meta({ id: 'FoundBackup' });

export const scanFinding = z
  .object({
    state: findingState,
    format: backupFormat,
    bucket_name: z.string(),
    image_path: z.string(),
    sync: foundItem.nullable().meta({ description: 'The item of a sync request; null where none could be made.' }),
    original_name: z
      .string()
      .nullable()
      .meta({ description: 'As the writer named it, where backup_name could not be that.' }),
    parent_backup_id: opaqueId.nullable().meta({ description: 'As far as it was read: what is known is not read.' }),
    newest_object_at: wireTime
      .nullable()
      .meta({ description: 'Of an incomplete backup: when its newest object was written.' }),
    problem: reason.nullable(),
    operation_log_id: madeId.nullable().meta({ description: 'The import that was accepted for it.' }),
  })
  .meta({ id: 'ScanFinding' });
export type ScanFinding = z.infer<typeof scanFinding>;

export const listScanFindingsInput = z.object({
  project_id: projectId,
  operation_id: madeId,
  ...findingsPaging,
});

export const listScanFindingsAnswer = z
  .object({
    findings: z.array(scanFinding),
    next: z.int().meta({ description: 'Give it as `after` for the page that follows.' }),
    ended: z.boolean().meta({ description: 'The scan has ended: what is not on a page now will never be.' }),
    complete: z.boolean().meta({ description: 'The scan has seen the whole listing, whatever became of its imports.' }),
  })
  .meta({ id: 'ListScanFindingsAnswer' });
