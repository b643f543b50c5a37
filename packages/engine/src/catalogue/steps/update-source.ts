import type { ExpressionBuilder, Kysely } from 'kysely';
import { differencesOf } from '../differences.ts';
import { lockProjects } from '../locks.ts';
import type { EndedOperation } from '../operation-records.ts';
import type { Schema } from '../schema.ts';
import type { SourceRecord } from '../source-records.ts';
import { cancelSingle } from './cancel-operation.ts';
import { endOfPrefix } from './end-of-prefix.ts';
import { releaseRecords } from './record-origin.ts';
import { release } from './source-runs.ts';
import { heldMembers, showSource } from './sources.ts';
import { HeadTracker } from './track-heads.ts';

/** The changed source, and its run if that ended with the change. */
type SourceUpdate = { readonly source: SourceRecord; readonly ended: readonly EndedOperation[] };

/** Changes a source. */
export async function updateSource(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
  changes: Pick<
    SourceRecord,
    'prefix' | 'level' | 'intervalS' | 'reverifyAfterS' | 'incompleteAfterS' | 'nextRunAtMs' | 'updatedAtMs'
  >,
): Promise<SourceUpdate | null> {
  await lockProjects(database, () => [projectId]);
  const before = await showSource(database, projectId, id);
  if (before === null) return null;
  await database
    .updateTable('sources')
    .set({
      prefix: changes.prefix,
      level: changes.level,
      interval_s: changes.intervalS,
      reverify_after_s: changes.reverifyAfterS,
      incomplete_after_s: changes.incompleteAfterS,
      next_run_at_ms: changes.nextRunAtMs,
      updated_at_ms: changes.updatedAtMs,
    })
    .where('id', '=', id)
    .execute();
  const ended = changes.prefix === before.prefix ? [] : await leavePrefix(database, before, changes);
  const source = await showSource(database, projectId, id);
  return source === null ? null : { source, ended };
}

/**
 * Cancels a run that lists the old prefix, and drops the members outside the new one: no run looks for them any more.
 */
async function leavePrefix(
  database: Kysely<Schema>,
  { id, projectId, lastRun, heldAtMs }: SourceRecord,
  { prefix, updatedAtMs }: Pick<SourceRecord, 'prefix' | 'updatedAtMs'>,
): Promise<readonly EndedOperation[]> {
  const listing = await differencesOf(database)
    .keepRows(
      database
        .selectFrom('operations')
        .where('id', '=', lastRun?.id ?? '')
        .where('ended_at_ms', 'is', null)
        .where('listed_at_ms', 'is', null)
        .selectAll(),
    )
    .executeTakeFirst();
  const ended = listing === undefined ? [] : await cancelSingle(database, listing, updatedAtMs);
  const isOutside = ({ eb, or }: ExpressionBuilder<Schema, 'source_members'>) =>
    or([eb('image_path', '<', prefix), eb('image_path', '>=', endOfPrefix(prefix))]);
  const left = await database
    .selectFrom('source_members')
    .where('source_id', '=', id)
    .where(isOutside)
    .select('backup_id')
    .execute();
  const heads = new HeadTracker(database, projectId);
  await heads.willChange(left.map((member) => member.backup_id));
  await database.deleteFrom('source_members').where('source_id', '=', id).where(isOutside).execute();
  await heads.settle();
  await releaseRecords(database, projectId, id, prefix);
  if (heldAtMs !== null && (await heldMembers(database, id, 1)).count === 0) await release(database, id);
  return ended;
}
