import type { ExpressionBuilder, Kysely } from 'kysely';
import { operationLivesMs } from '../../deadline.ts';
import type { Outage } from '../../storage/outage.ts';
import { differencesOf } from '../differences.ts';
import { fixedQuery } from '../fixed-query.ts';
import { lockProjects } from '../locks.ts';
import { oneQuery } from '../one-query.ts';
import type { DueWork, EndedOperation, Ends, OverdueWaits } from '../operation-records.ts';
import { isSingleKind } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { endUntried } from './end-import.ts';
import { endSingles } from './end-singles.ts';
import { keepInOrder } from './keep-in-order.ts';

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

const allOutages = fixedQuery((database) => database.selectFrom('bucket_outages').selectAll());

/** Removes the outage of a bucket, and makes the operations that waited for it due. */
export async function endOutage(database: Kysely<Schema>, storageUnitId: string, bucketName: string): Promise<void> {
  await database
    .deleteFrom('bucket_outages')
    .where('storage_unit_id', '=', storageUnitId)
    .where('bucket_name', '=', bucketName)
    .execute();
  const waited = ({ eb, and }: ExpressionBuilder<Schema, 'operations'>) =>
    and([
      eb('storage_unit_id', '=', storageUnitId),
      eb('bucket_name', '=', bucketName),
      eb('not_before_ms', 'is not', null),
      eb('waiting_reason', 'in', ['storage_unreachable', 'storage_throttled']),
    ]);
  await keepInOrder(database, database.selectFrom('operations').where(waited));
  await database.updateTable('operations').set({ not_before_ms: null }).where(waited).execute();
}

export const listOutages = oneQuery({
  query: allOutages,
  values: () => ({}),
  answer: (rows): readonly Outage[] =>
    rows.map((row) => ({
      storageUnitId: row.storage_unit_id,
      bucketName: row.bucket_name,
      fault: { code: row.reason_code, detail: row.reason_detail },
      beganAtMs: row.began_at_ms,
      attempts: row.attempts,
      notBeforeMs: row.not_before_ms,
    })),
});

/** Ends operations that have waited too long for a bucket. */
export async function endOverdueWaits(
  database: Kysely<Schema>,
  { storageUnitId, bucketName, acceptedByMs, fault, endedAtMs, limit }: OverdueWaits,
): Promise<Ends> {
  const waiting = database
    .selectFrom('operations')
    .where('storage_unit_id', '=', storageUnitId)
    .where('bucket_name', '=', bucketName)
    .where('ended_at_ms', 'is', null)
    .where('status', '=', 'waiting')
    .where('waits_for_backup_id', 'is', null)
    // Not by the time of acceptance: unlike the deadline, that does not follow a wall clock that is set.
    .where('deadline_at_ms', '<=', acceptedByMs + operationLivesMs)
    .limit(limit);
  await lockProjects(database, async () => {
    const found = await waiting.select('project_id').execute();
    return found.map((row) => row.project_id);
  });
  const rows = await differencesOf(database).keepRows(waiting.selectAll()).execute();
  // Operations of other projects may have come to the front since.
  await lockProjects(database, () => rows.map((row) => row.project_id));
  const singles = rows.filter(({ kind }) => isSingleKind(kind)).map(({ id }) => id);
  const ended: EndedOperation[] = [...(await endSingles(database, singles, { fault, endedAtMs }))];
  const due: DueWork[] = [];
  for (const row of rows) {
    if (row.kind !== 'import') continue;
    const ends = await endUntried(database, row, { fault, endedAtMs });
    ended.push(...ends.ended);
    due.push(...ends.due);
  }
  return { ended, due };
}
