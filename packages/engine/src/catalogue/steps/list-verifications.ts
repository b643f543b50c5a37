import type { VerificationFilter } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { RecordedProof } from '../backup-records.ts';
import { rowToProof } from '../backup-rows.ts';
import type { Schema } from '../schema.ts';

/** Returns a page of the proofs of a backup, newest first, or `marker_not_found`. */
export async function listVerifications(
  database: Kysely<Schema>,
  filter: VerificationFilter,
): Promise<readonly RecordedProof[] | 'marker_not_found'> {
  const ofBackup = database
    .selectFrom('verifications')
    .where('project_id', '=', filter.project_id)
    .where('backup_id', '=', filter.backup_id);
  let page = ofBackup;
  if (filter.marker !== undefined) {
    const marker = await ofBackup.where('id', '=', filter.marker).select(['verified_at_ms', 'id']).executeTakeFirst();
    if (marker === undefined) return 'marker_not_found';
    page = page.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('verified_at_ms', 'id'), '<', tuple(marker.verified_at_ms, marker.id)),
    );
  }
  const rows = await page
    .selectAll()
    .orderBy('verified_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.limit)
    .execute();
  return rows.map((row) => ({ id: row.id, operationId: row.operation_id, proof: rowToProof(row) }));
}
