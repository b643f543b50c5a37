import type { OperationFilter } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { LoggedOperation, Page } from '../port.ts';
import type { Schema } from '../schema.ts';
import { rowToLogged } from '../task-rows.ts';
import { findMarker } from './list-operation-logs.ts';

/** A page of the operations of all kinds of a project, newest first; see {@link Catalogue.listOperations}. */
export async function listOperations(
  database: Kysely<Schema>,
  filter: OperationFilter,
): Promise<Page<LoggedOperation> | 'marker_not_found'> {
  const marker = filter.marker === undefined ? null : await findMarker(database, filter.project_id, filter.marker);
  if (marker === undefined) return 'marker_not_found';
  const matching = applyFilter(database, filter);
  const { count } = await matching.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow();
  let page = matching.selectAll();
  if (marker !== null) {
    page = page.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at_ms', 'sequence'), '<', tuple(marker.created_at_ms, marker.sequence)),
    );
  }
  const rows = await page
    .orderBy('created_at_ms', 'desc')
    .orderBy('sequence', 'desc')
    .limit(filter.limit)
    .offset(filter.offset)
    .execute();
  return { rows: rows.map(rowToLogged), count: Number(count) };
}

function applyFilter(database: Kysely<Schema>, filter: OperationFilter) {
  let matching = database.selectFrom('operations').where('project_id', '=', filter.project_id);
  if (filter.backup_id !== undefined) matching = matching.where('backup_id', '=', filter.backup_id);
  if (filter.resource_id !== undefined) matching = matching.where('resource_id', '=', filter.resource_id);
  if (filter.status !== undefined) matching = matching.where('status', 'in', filter.status);
  if (filter.kind === undefined) return matching;
  // The run of a source is kept as a scan.
  const kept = [...new Set(filter.kind.map((kind) => (kind === 'source_run' ? 'scan' : kind)))];
  matching = matching.where('kind', 'in', kept);
  const [scans, runs] = [filter.kind.includes('scan'), filter.kind.includes('source_run')];
  if (scans === runs) return matching;
  return matching.where(({ eb, or }) =>
    or([eb('kind', '!=', 'scan'), scans ? eb('source_id', 'is', null) : eb('source_id', 'is not', null)]),
  );
}
