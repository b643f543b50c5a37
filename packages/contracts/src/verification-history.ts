import { z } from 'zod';
import { backupId, madeId, operationId, paging, projectId, wireTime } from './fields.ts';
import { limitsOfProof } from './gap.ts';
import { reason } from './reason-code.ts';
import { verificationLevel } from './verification.ts';

export const verification = z
  .object({
    id: madeId.meta({ description: 'Id of the verification.' }),
    operation_id: operationId.meta({ description: 'Id of the operation that made it: an import or a verification.' }),
    verified_at: wireTime.meta({ description: 'When it was made.' }),
    level: verificationLevel.nullable().meta({
      description: 'Level to which the backup itself was proved, not counting its parents; null if to none.',
    }),
    ...limitsOfProof,
    reason: reason.nullable().meta({ description: 'What was wrong with the backup; null if nothing was.' }),
    limit_reason: z
      .string()
      .nullable()
      .meta({ description: 'Why the format cannot be proved further; null if nothing limited the level.' }),
    remark: z.string().nullable().meta({ description: 'What is unusual but not wrong; null if nothing is.' }),
    check_version: z.string().meta({ description: 'Version of the check.' }),
    parent_id: z
      .string()
      .nullable()
      .meta({ description: 'Id of the parent that it was compared with; null if with none.' }),
    object_count: z.int().meta({ description: 'Number of objects of the backup.' }),
    stored_bytes: z.int().meta({ description: 'Size of these objects, in bytes.' }),
  })
  .meta({ id: 'Verification', description: 'One proof of one backup.' });

export const listVerificationsInput = z.object({
  project_id: projectId,
  backup_id: backupId,
  limit: paging.limit,
  marker: paging.marker,
});
export type VerificationFilter = z.output<typeof listVerificationsInput>;

export const listVerificationsAnswer = z
  .object({
    verifications: z.array(verification).meta({ description: 'Verifications of this page, newest first.' }),
    next_marker: z
      .string()
      .nullable()
      .meta({ description: 'Send this as `marker` to get the next page; null on the last page.' }),
  })
  .meta({ id: 'ListVerificationsAnswer' });
