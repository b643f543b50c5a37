import type { OperationStatus } from '@backup-sync/contracts';
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Page } from '../backup-records.ts';
import type { OperationRecord } from '../operation-records.ts';
import { rowToOperation } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { endOfPrefix } from './end-of-prefix.ts';
import { type Kept, keptCount } from './row-counts.ts';

/** A query of operations, with any selection. */
export type Calls<Selected> = SelectQueryBuilder<Schema, 'operations', Selected>;

/** The place of an operation in listings. */
type Place = { readonly created_at_ms: number; readonly sequence: number };

type Paging = {
  readonly project_id: string;
  readonly id_prefix?: string | undefined;
  readonly status?: readonly OperationStatus[] | undefined;
  readonly marker?: string | undefined;
  readonly limit: number;
  readonly offset: number;
};

/**
 * Returns a page of the matching operations after the marker, newest first, and how many match in all. `narrow` applies
 * the filter, except for statuses. `kept` says which kinds and statuses match if the filter is about nothing else; null:
 * the operations have to be counted.
 */
export async function operationPage(
  database: Kysely<Schema>,
  paging: Paging,
  narrow: (calls: Calls<object>) => Calls<object> | null,
  kept: Kept | null,
): Promise<Page<OperationRecord> | 'marker_not_found'> {
  const marker = paging.marker === undefined ? null : await findMarker(database, paging.project_id, paging.marker);
  if (marker === undefined) return 'marker_not_found';
  const narrowed = narrow(operationsOf(database, paging));
  if (narrowed === null) return { rows: [], count: 0 };

  const { status } = paging;
  const matching = status === undefined ? narrowed : narrowed.where('status', 'in', status);
  const count =
    kept === null
      ? (await matching.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow()).count
      : await keptCount(database, paging.project_id, kept);
  // Each status is read in the order of its index. To read several at once, SQLite would go through all operations.
  const parts =
    kept === null || status === undefined
      ? [matching]
      : [...new Set(status)].map((each) => narrowed.where('status', '=', each));
  const pages = parts.map((part) => (marker === null ? part : after(part, marker)).selectAll());
  const rows = await pages
    .reduce((page, other) => page.unionAll(other))
    .orderBy('created_at_ms', 'desc')
    .orderBy('sequence', 'desc')
    .limit(paging.limit)
    // The marker takes precedence: clients that page by it may repeat the offset on every page.
    .offset(marker === null ? paging.offset : 0)
    .execute();
  return { rows: rows.map(rowToOperation), count: Number(count) };
}

function after<Selected>(calls: Calls<Selected>, marker: Place): Calls<Selected> {
  return calls.where(({ eb, refTuple, tuple }) =>
    eb(refTuple('created_at_ms', 'sequence'), '<', tuple(marker.created_at_ms, marker.sequence)),
  );
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
