import { type OperationFilter, operationKinds } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { Page } from '../backup-records.ts';
import type { OperationRecord } from '../operation-records.ts';
import type { Schema } from '../schema.ts';
import { type Calls, operationPage } from './operation-page.ts';
import type { Kept } from './row-counts.ts';

/** Returns a page of the operations of all kinds of a project, newest first. */
export async function listOperations(
  database: Kysely<Schema>,
  filter: OperationFilter,
): Promise<Page<OperationRecord> | 'marker_not_found'> {
  return await operationPage(database, filter, (operations) => applyFilter(operations, filter), keptOf(filter));
}

/** Selects the counts of the matching operations, if the filter is about kinds and statuses alone. */
function keptOf({
  kind,
  status,
  backup_id: backupId,
  resource_id: resourceId,
  id_prefix: prefix,
}: OperationFilter): Kept | null {
  if ((backupId ?? resourceId ?? prefix) !== undefined) return null;
  return { subjects: kind ?? operationKinds, parts: status ?? null };
}

function applyFilter<Selected>(calls: Calls<Selected>, filter: OperationFilter): Calls<Selected> {
  let matching = calls;
  if (filter.backup_id !== undefined) matching = matching.where('backup_id', '=', filter.backup_id);
  if (filter.resource_id !== undefined) matching = matching.where('resource_id', '=', filter.resource_id);
  if (filter.kind === undefined) return matching;
  // The run of a source is stored as a scan.
  const kept = [...new Set(filter.kind.map((kind) => (kind === 'source_run' ? 'scan' : kind)))];
  matching = matching.where('kind', 'in', kept);
  const [scans, runs] = [filter.kind.includes('scan'), filter.kind.includes('source_run')];
  if (scans === runs) return matching;
  return matching.where(({ eb, or }) =>
    or([eb('kind', '!=', 'scan'), scans ? eb('source_id', 'is', null) : eb('source_id', 'is not', null)]),
  );
}
