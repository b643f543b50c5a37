import { z } from 'zod';
import { backupId, joined, operationId, projectId } from './fields.ts';
import { expandedVolume, verificationLevel } from './verification.ts';

/** The levels for which data is read. A sync proves up to `linkage` by itself. */
export const dataLevels = ['content', 'replay'] as const;
export type DataLevel = (typeof dataLevels)[number];

/** Input of a verification, which proves a recorded backup and its chain by reading the stored data. */
export const verifyBackupInput = z.object({
  project_id: projectId,
  backup_id: backupId,
  level: z.enum(dataLevels, { error: 'must be content or replay' }).meta({
    description:
      'Level to prove. content: every stored object is read and compared with its hash in the metadata. ' +
      'replay: the volume is also rebuilt block by block, as in a restore; the result has its SHA-256 and size.',
  }),
});

/**
 * Id of the operation that verifies. A waiting or running verification of the same backup to the same level is joined,
 * so nothing is read twice.
 */
export const verifyBackupAnswer = z.object({ operation_id: operationId, joined }).meta({ id: 'VerifyBackupAnswer' });

/** Result of an operation of kind `verify`. */
export const verifyResult = z.object({
  backup_id: backupId,
  level: verificationLevel
    .nullable()
    .meta({ description: 'Level that was proved; null if the backup could not be proved to any.' }),
  links: z.int().meta({ description: 'Number of links in the chain, including the full backup.' }),
  volume_bytes: z.int().nullable().meta({ description: 'Size of the volume in bytes; null if it is not known.' }),
  volume_sha256: z
    .string()
    .nullable()
    .meta({ description: 'SHA-256 of the replayed volume, in hex; null unless replayed.' }),
  expanded: z.array(expandedVolume).default([]).meta({
    description:
      'Volumes that were expanded by a verification to replay, of a format that has no hash to compare them with.',
  }),
});
export type VerifyResult = z.infer<typeof verifyResult>;
