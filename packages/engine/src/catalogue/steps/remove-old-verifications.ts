import { reaches, verificationLevels } from '@backup-sync/contracts';
import { type Kysely, type SqlBool, sql } from 'kysely';
import type { Removed } from '../retention-records.ts';
import type { Schema } from '../schema.ts';

/** Verifications that one step looks at. */
const pageRows = 500;
const inventoryLevels = verificationLevels.filter((level) => reaches(level, 'inventory'));

/**
 * Removes old verifications, in the order of their ids, after the id `after`. Of each backup, the newest verification
 * stays, and the newest that has proved its objects at each place: imports compare the bucket with it.
 */
export async function removeOldVerifications(
  database: Kysely<Schema>,
  { beforeMs, after }: { readonly beforeMs: number; readonly after: string },
): Promise<Removed<string>> {
  const page = await database
    .selectFrom('verifications')
    .where('id', '>', after)
    .select(['id', 'verified_at_ms'])
    .orderBy('id')
    .limit(pageRows)
    .execute();
  const old = page.filter((row) => row.verified_at_ms < beforeMs).map(({ id }) => id);
  const { numDeletedRows } =
    old.length === 0
      ? { numDeletedRows: 0n }
      : await database
          .deleteFrom('verifications')
          .where('id', 'in', old)
          .where(({ eb, or, not, exists, selectFrom }) => {
            const newer = selectFrom('verifications as newer')
              .select('newer.id')
              .whereRef('newer.project_id', '=', 'verifications.project_id')
              .whereRef('newer.backup_id', '=', 'verifications.backup_id')
              .where(sql<SqlBool>`(newer.verified_at_ms, newer.id) > (verifications.verified_at_ms, verifications.id)`);
            const provedNewer = newer
              .where('newer.fault_code', 'is', null)
              .where('newer.level', 'in', inventoryLevels)
              .whereRef('newer.storage_unit_id', '=', 'verifications.storage_unit_id')
              .whereRef('newer.bucket_name', '=', 'verifications.bucket_name')
              .whereRef('newer.image_path', '=', 'verifications.image_path');
            const hasProved = eb.and([
              eb('verifications.fault_code', 'is', null),
              eb('verifications.level', 'in', inventoryLevels),
            ]);
            return eb.and([exists(newer), or([not(hasProved), exists(provedNewer)])]);
          })
          .executeTakeFirstOrThrow();
  // Ids begin with the time, so the pages after one without old verifications have none.
  const next = page.length === pageRows && old.length > 0 ? (page.at(-1)?.id ?? null) : null;
  return { verifications: Number(numDeletedRows), next };
}
