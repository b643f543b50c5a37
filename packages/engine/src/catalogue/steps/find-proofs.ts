import type { Kysely } from 'kysely';
import type { EdgeProof } from '../../chain/link.ts';
import { rowToProof } from '../rows.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';

/** The newest proof of each of these backups that has one; of proofs made at the same time, the one recorded last. */
export async function findProofs(
  database: Kysely<Schema>,
  projectId: string,
  backupIds: readonly string[],
): Promise<readonly EdgeProof[]> {
  const proofs: EdgeProof[] = [];
  for (const ids of chunks([...new Set(backupIds)])) {
    const rows = await database
      .selectFrom('verifications')
      .where('project_id', '=', projectId)
      .where('backup_id', 'in', ids)
      .where('id', '=', ({ selectFrom }) =>
        selectFrom('verifications as other')
          .select('other.id')
          .whereRef('other.project_id', '=', 'verifications.project_id')
          .whereRef('other.backup_id', '=', 'verifications.backup_id')
          .orderBy('other.verified_at_ms', 'desc')
          .orderBy('other.id', 'desc')
          .limit(1),
      )
      .selectAll()
      .execute();
    proofs.push(...rows.map(rowToProof));
  }
  return proofs;
}
