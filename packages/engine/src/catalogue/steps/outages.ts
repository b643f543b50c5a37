import type { Kysely } from 'kysely';
import { operationLivesMs } from '../../deadline.ts';
import type { Outage } from '../../storage/outage.ts';
import { faultToColumns } from '../backup-rows.ts';
import type { DueWork, EndedOperation, Ends, OverdueWaits } from '../operation-records.ts';
import { isSingleKind } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { endUntried } from './end-import.ts';
import { noteEnds } from './events.ts';

/** Stores the outage of a bucket. */
export async function saveOutage(database: Kysely<Schema>, outage: Outage): Promise<void> {
  const columns = {
    reason_code: outage.fault.code,
    reason_detail: outage.fault.detail,
    began_at_ms: outage.beganAtMs,
    attempts: outage.attempts,
    not_before_ms: outage.notBeforeMs,
  };
  await database
    .insertInto('bucket_outages')
    .values({ storage_unit_id: outage.storageUnitId, bucket_name: outage.bucketName, ...columns })
    .onConflict((conflict) => conflict.columns(['storage_unit_id', 'bucket_name']).doUpdateSet(columns))
    .execute();
}

/** Removes the outage of a bucket, and makes the operations that waited for it due. */
export async function endOutage(database: Kysely<Schema>, storageUnitId: string, bucketName: string): Promise<void> {
  await database
    .deleteFrom('bucket_outages')
    .where('storage_unit_id', '=', storageUnitId)
    .where('bucket_name', '=', bucketName)
    .execute();
  await database
    .updateTable('operations')
    .set({ not_before_ms: null })
    .where('storage_unit_id', '=', storageUnitId)
    .where('bucket_name', '=', bucketName)
    .where('not_before_ms', 'is not', null)
    .where('waiting_reason', 'in', ['storage_unreachable', 'storage_throttled'])
    .execute();
}

export async function listOutages(database: Kysely<Schema>): Promise<readonly Outage[]> {
  const rows = await database.selectFrom('bucket_outages').selectAll().execute();
  return rows.map((row) => ({
    storageUnitId: row.storage_unit_id,
    bucketName: row.bucket_name,
    fault: { code: row.reason_code, detail: row.reason_detail },
    beganAtMs: row.began_at_ms,
    attempts: row.attempts,
    notBeforeMs: row.not_before_ms,
  }));
}

/** Ends operations that have waited too long for a bucket. */
export async function endOverdueWaits(
  database: Kysely<Schema>,
  { storageUnitId, bucketName, acceptedByMs, fault, endedAtMs, limit }: OverdueWaits,
): Promise<Ends> {
  const rows = await database
    .selectFrom('operations')
    .where('storage_unit_id', '=', storageUnitId)
    .where('bucket_name', '=', bucketName)
    .where('ended_at_ms', 'is', null)
    .where('status', '=', 'waiting')
    .where('waits_for_backup_id', 'is', null)
    // Not by the time of acceptance: unlike the deadline, that does not follow a wall clock that is set.
    .where('deadline_at_ms', '<=', acceptedByMs + operationLivesMs)
    .selectAll()
    .limit(limit)
    .execute();
  const singles = rows.filter(({ kind }) => isSingleKind(kind)).map(({ id }) => id);
  const ended: EndedOperation[] = [];
  const due: DueWork[] = [];
  if (singles.length > 0) {
    await database
      .updateTable('operations')
      .set({
        status: 'failed',
        ...faultToColumns(fault),
        ended_at_ms: endedAtMs,
        updated_at_ms: endedAtMs,
        not_before_ms: null,
        waiting_reason: null,
        waiting_detail: '',
      })
      .where('id', 'in', singles)
      .execute();
    ended.push(...(await noteEnds(database, singles)));
  }
  for (const row of rows) {
    if (row.kind !== 'import') continue;
    const ends = await endUntried(database, row, { fault, endedAtMs });
    ended.push(...ends.ended);
    due.push(...ends.due);
  }
  return { ended, due };
}
