import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Page } from '../backup-records.ts';
import type { OperationRecord } from '../operation-records.ts';
import { rowToOperation } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { endOfPrefix } from './end-of-prefix.ts';
import { type Kept, keptCount } from './row-counts.ts';

/** A query of operations, with any selection. */
export type Calls<Selected> = SelectQueryBuilder<Schema, 'operations', Selected>;

type Paging = {
  readonly project_id: string;
  readonly id_prefix?: string | undefined;
  readonly marker?: string | undefined;
  readonly limit: number;
  readonly offset: number;
};

/**
 * Returns a page of the matching operations after the marker, newest first, and how many match in all. `kept` says which
 * kinds and statuses match if nothing else counts; null: the operations have to be counted.
 */
export async function operationPage(
  database: Kysely<Schema>,
  paging: Paging,
  narrow: (calls: Calls<object>) => Calls<object> | null,
  kept: Kept | null,
): Promise<Page<OperationRecord> | 'marker_not_found'> {
  const marker = paging.marker === undefined ? null : await findMarker(database, paging.project_id, paging.marker);
  if (marker === undefined) return 'marker_not_found';
  const matching = narrow(operationsOf(database, paging));
  if (matching === null) return { rows: [], count: 0 };

  const count =
    kept === null
      ? (await matching.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow()).count
      : await keptCount(database, paging.project_id, kept);
  let page = matching.selectAll();
  if (marker !== null) {
    page = page.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at_ms', 'sequence'), '<', tuple(marker.created_at_ms, marker.sequence)),
    );
  }
  const rows = await page
    .orderBy('created_at_ms', 'desc')
    .orderBy('sequence', 'desc')
    .limit(paging.limit)
    // The marker takes precedence: clients that page by it may repeat the offset on every page.
    .offset(marker === null ? paging.offset : 0)
    .execute();
  return { rows: rows.map(rowToOperation), count: Number(count) };
}

function operationsOf(database: Kysely<Schema>, { project_id: projectId, id_prefix: prefix }: Paging) {
  const operations = database.selectFrom('operations');
  if (prefix === undefined) return operations.where('project_id', '=', projectId);
  return (
    operations
      .where('id', '>=', prefix)
      .where('id', '<', endOfPrefix(prefix))
      // Not by the bare column: to use its indexes, SQLite would go through all operations of the project.
      .where(sql`project_id || ''`, '=', projectId)
  );
}

/** Returns the place of an operation in listings; undefined if the project has none with this id. */
function findMarker(database: Kysely<Schema>, projectId: string, operationId: string) {
  return database
    .selectFrom('operations')
    .where('id', '=', operationId)
    .where('project_id', '=', projectId)
    .select(['created_at_ms', 'sequence'])
    .executeTakeFirst();
}
