import type { Kysely } from 'kysely';
import { fixedQuery } from '../fixed-query.ts';
import type { Schema } from '../schema.ts';
import type { SourceRunOf } from '../source-records.ts';
import { chunks } from './chunk.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/**
 * Makes a run wait for imports that were in flight when it wanted the same ones. Does nothing if the parent is not a
 * scan.
 */
export async function joinImports(
  database: Kysely<Schema>,
  runId: string,
  importIds: readonly string[],
): Promise<void> {
  for (const some of chunks(importIds)) {
    await database
      .insertInto('joined_imports')
      .columns(['run_id', 'operation_id'])
      .expression((eb) =>
        eb
          .selectFrom('operations as run')
          .innerJoin('operations', (join) => join.on('operations.id', 'in', some))
          .where('run.id', '=', runId)
          .where('run.kind', '=', 'scan')
          .where(({ eb: is, or }) =>
            or([is('operations.parent_operation_id', 'is', null), is('operations.parent_operation_id', '!=', runId)]),
          )
          .select(['run.id as run_id', 'operations.id']),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

const joinedRuns = fixedQuery((database, { id }: { id: string }) =>
  database.selectFrom('joined_imports').where('operation_id', '=', id).select('run_id'),
);

/** Returns the runs that wait for this import, or waited for it. */
export async function runsOfImport(
  database: Kysely<Schema>,
  operation: { readonly id: string; readonly parent_operation_id: string | null },
): Promise<readonly string[]> {
  const joined = await joinedRuns.all(database, { id: operation.id });
  const parents = operation.parent_operation_id === null ? [] : [operation.parent_operation_id];
  return [...parents, ...joined.map((row) => row.run_id)];
}

export async function hasUnfinishedImports(database: Kysely<Schema>, runId: string): Promise<boolean> {
  const own = unfinishedImports(database).where('operations.parent_operation_id', '=', runId);
  if ((await own.select('id').limit(1).executeTakeFirst()) !== undefined) return true;
  const joined = database
    .selectFrom('joined_imports')
    .innerJoin('operations', 'operations.id', 'joined_imports.operation_id')
    .where('joined_imports.run_id', '=', runId)
    .where('operations.ended_at_ms', 'is', null);
  return (await joined.select('operations.id').limit(1).executeTakeFirst()) !== undefined;
}

/** Selects the newest import of each backup that a run has accepted or joined. */
export function newestImports(database: Kysely<Schema>, runId: string) {
  return database
    .selectFrom('operations as import')
    .where('import.kind', '=', 'import')
    .where(({ eb, or, selectFrom }) =>
      or([
        eb('import.parent_operation_id', '=', runId),
        eb(
          'import.id',
          'in',
          selectFrom('joined_imports').where('run_id', '=', runId).select('joined_imports.operation_id'),
        ),
      ]),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('operations as later')
            .select('later.id')
            .where('later.parent_operation_id', '=', runId)
            .where('later.kind', '=', 'import')
            .whereRef('later.backup_id', '=', 'import.backup_id')
            .whereRef('later.sequence', '>', 'import.sequence'),
        ),
      ),
    );
}

/**
 * Returns, for each of these operations, the run of a source that it belongs to. The run is the operation itself, or
 * the one that accepted it.
 */
export async function sourceRunsOf(
  database: Kysely<Schema>,
  operationIds: readonly string[],
): Promise<readonly SourceRunOf[]> {
  const found: SourceRunOf[] = [];
  for (const some of chunks(operationIds)) {
    const rows = await database
      .selectFrom('operations')
      .innerJoin('operations as run', (join) =>
        join.on((eb) => eb('run.id', 'in', [eb.ref('operations.id'), eb.ref('operations.parent_operation_id')])),
      )
      .leftJoin('sources', 'sources.id', 'run.source_id')
      .where('operations.id', 'in', some)
      .where('run.source_id', 'is not', null)
      .select(['operations.id', 'run.id as run_id', 'run.source_id', 'sources.name'])
      .execute();
    for (const row of rows) {
      if (row.source_id === null) continue;
      found.push({ operationId: row.id, runId: row.run_id, sourceId: row.source_id, sourceName: row.name });
    }
  }
  return found;
}
