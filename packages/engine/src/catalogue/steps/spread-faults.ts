import type { Kysely } from 'kysely';
import { faultOfDescendant } from '../../chain/proof/fault-of-descendant.ts';
import { isLasting } from '../../chain/proof/lasting-fault.ts';
import type { EdgeProof, Fault } from '../../chain/proof/link.ts';
import type { Verdict } from '../backup-records.ts';
import { faultToColumns, hashToColumns, listingToColumns } from '../backup-rows.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import type { HeadTracker } from './track-heads.ts';

/** A backup that is known to be broken, with the fault. */
type Broken = { readonly backupId: string; readonly imagePath: string; readonly fault: Fault };

/**
 * Marks available records as broken if the written proofs show that they, or a link that they build on, are broken. A
 * later sync shows whether they are whole again.
 */
export async function spreadFaults(database: Kysely<Schema>, verdict: Verdict, heads: HeadTracker): Promise<void> {
  const broken: Broken[] = [];
  const { record, projectId } = verdict;
  if (record !== null && record.fault !== null && isLasting(record.fault.code)) {
    broken.push({ backupId: record.backupId, imagePath: record.location.imagePath, fault: record.fault });
  }
  for (const proof of verdict.proofs) {
    if (proof.backupId === record?.backupId || proof.fault === null || !isLasting(proof.fault.code)) continue;
    await heads.willChange([proof.backupId]);
    if (await markProved(database, projectId, proof, proof.fault, verdict.endedAtMs)) {
      broken.push({ backupId: proof.backupId, imagePath: proof.location.imagePath, fault: proof.fault });
    }
  }
  // Each round changes records that were available and makes none available, so this ends.
  for (let next = broken.pop(); next !== undefined; next = broken.pop()) {
    broken.push(...(await markChildren(database, projectId, next, verdict.endedAtMs, heads)));
  }
}

/** Marks a record that a proof shows to be broken. Returns whether it was available at the place of the proof. */
async function markProved(
  database: Kysely<Schema>,
  projectId: string,
  { backupId, location, listing, level, verifiedAtMs, checkVersion }: EdgeProof,
  fault: Fault,
  markedAtMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await availableBackups(database, projectId, fault, markedAtMs)
    // With the listing that shows the fault, so that the backup is examined again once its listing changes.
    .set({ level, verified_at_ms: verifiedAtMs, check_version: checkVersion, ...listingToColumns(listing) })
    .where('backup_id', '=', backupId)
    .where('storage_unit_id', '=', location.storageUnitId)
    .where('bucket_name', '=', location.bucketName)
    .where('image_path', '=', location.imagePath)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Marks the available records with this parent, and returns them. */
async function markChildren(
  database: Kysely<Schema>,
  projectId: string,
  { backupId, imagePath, fault }: Broken,
  markedAtMs: number,
  heads: HeadTracker,
): Promise<readonly Broken[]> {
  const affected = await database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('parent_backup_id', '=', backupId)
    .where('status', '=', 'available')
    .where('forgotten_at_ms', 'is', null)
    .select('backup_id')
    .execute();
  if (affected.length === 0) return [];
  await heads.willChange(affected.map((child) => child.backup_id));
  const spread = faultOfDescendant({ backupId, imagePath }, fault);
  const broken: Broken[] = [];
  for (const some of chunks(affected)) {
    const children = await availableBackups(database, projectId, spread, markedAtMs)
      .where('parent_backup_id', '=', backupId)
      // Only those that were found: others may have been recorded since.
      .where(
        'backup_id',
        'in',
        some.map((child) => child.backup_id),
      )
      .returning(['backup_id', 'image_path'])
      .execute();
    broken.push(
      ...children.map((child) => ({ backupId: child.backup_id, imagePath: child.image_path, fault: spread })),
    );
  }
  return broken;
}

function availableBackups(database: Kysely<Schema>, projectId: string, fault: Fault, markedAtMs: number) {
  return database
    .updateTable('backups')
    .set((eb) => ({
      status: 'error',
      ...faultToColumns(fault),
      ...hashToColumns(null),
      updated_at_ms: markedAtMs,
      revision: eb('revision', '+', 1),
    }))
    .where('project_id', '=', projectId)
    .where('status', '=', 'available')
    .where('forgotten_at_ms', 'is', null);
}
