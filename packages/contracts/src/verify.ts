import { z } from 'zod';
import { joined, madeId, opaqueId, projectId } from './fields.ts';
import { verificationLevel } from './verification.ts';

/** The levels that read data: a sync proves up to `linkage` by itself. */
export const dataLevels = ['content', 'replay'] as const;
export type DataLevel = (typeof dataLevels)[number];

/**
 * Proves a recorded backup and its chain by reading what is stored. `content`: every stored object is read and hashes
 * as the metadata says. `replay`: the volume is put together besides, block by block, as a restore would, and its
 * SHA-256 and size are the operation's result.
 */
export const verifyBackupInput = z.object({
  project_id: projectId,
  backup_id: opaqueId,
  level: z.enum(dataLevels, { error: 'must be content or replay' }),
});

/**
 * The operation that verifies. A verification of the same backup to the same level that waits or runs is joined: what it
 * has read already is not read again.
 */
export const verifyBackupAnswer = z.object({ operation_id: madeId, joined }).meta({ id: 'VerifyBackupAnswer' });

/** Result of an operation of kind `verify`. */
export const verifyResult = z.object({
  backup_id: opaqueId,
  level: verificationLevel.nullable().meta({ description: 'Null where the backup could not be proved so far.' }),
  links: z.int().meta({ description: 'Links of the chain, the full backup included.' }),
  volume_bytes: z.int().nullable(),
  volume_sha256: z.string().nullable().meta({ description: 'Of the replayed volume, hex; null unless replayed.' }),
});
export type VerifyResult = z.infer<typeof verifyResult>;
