import type { Operation } from '@backup-sync/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import { lockProjects } from '../locks.ts';
import type { OldOperations, OperationPlace, Removed } from '../retention-records.ts';
import type { OperationRow, Schema } from '../schema.ts';

/** Operations that one step looks at. */
const pageRows = 200;
/** Findings that one step removes. A scan can have a million. */
const findingsMax = 2_000;

const pageColumns = [
  'id',
  'kind',
  'source_id',
  'parent_operation_id',
  'status',
  'sequence',
  'created_at_ms',
  'ended_at_ms',
] as const satisfies readonly (keyof OperationRow)[];

type Old = Pick<Selectable<OperationRow>, (typeof pageColumns)[number]>;
type OldEnded = Old & { readonly ended_at_ms: number };

/** Returns the projects that have operations. */
export async function listProjectsWithOperations(database: Kysely<Schema>): Promise<readonly string[]> {
  const rows = await database.selectFrom('row_counts').select('project_id').distinct().orderBy('project_id').execute();
  return rows.map((row) => row.project_id).filter((projectId) => projectId !== '');
}

/**
 * Removes old operations with everything that belongs to them, newest first: the imports of a run are accepted after it,
 * so they are removed before it.
 *
 * Nobody can begin to need an operation that has ended and that nothing needs. But records may be deleted meanwhile: the
 * lock lets each step see the project as it is at one moment.
 */
export async function removeOldOperations(
  database: Kysely<Schema>,
  old: OldOperations,
): Promise<Removed<OperationPlace>> {
  const { operationsBeforeMs, findingsBeforeMs } = old;
  await lockProjects(database, () => [old.projectId]);
  const newestMs = Math.max(operationsBeforeMs ?? 0, findingsBeforeMs ?? 0);
  const page = await readPage(database, old.projectId, old.before ?? { createdAtMs: newestMs, sequence: 0 });
  const ended = page.filter((row): row is OldEnded => row.ended_at_ms !== null);
  const endedBefore = (beforeMs: number | null) => ended.filter((row) => row.ended_at_ms < (beforeMs ?? 0));
  const needs = await Needs.read(database, old.projectId);

  // First the imports and verifications, because they need their scans.
  const removable = endedBefore(operationsBeforeMs);
  const others = await needs.without(removable.filter((row) => !mayHaveFindings(row)));
  await remove(database, old.projectId, others);
  const unneeded = await needs.without(removable.filter(mayHaveFindings));
  const keepsFindings = await withFindings(
    database,
    unneeded.filter((row) => row.ended_at_ms >= (findingsBeforeMs ?? 0)),
  );
  const scans = unneeded.filter(({ id }) => !keepsFindings.has(id));
  const stripped = endedBefore(findingsBeforeMs).filter((row) => mayHaveFindings(row) && !needs.isOfNewestRun(row));
  const findings = await removeFindings(database, new Set([...scans, ...stripped]), old.nowMs);
  if (findings.isComplete) await remove(database, old.projectId, scans);

  const last = page.at(-1);
  const hasMore = page.length === pageRows && last !== undefined;
  const after = hasMore ? { createdAtMs: last.created_at_ms, sequence: last.sequence } : null;
  return {
    operations: others.length + (findings.isComplete ? scans.length : 0),
    findings: findings.removed,
    // The rest of the findings, and the scans that have them, are next.
    next: findings.isComplete ? after : (old.before ?? { createdAtMs: newestMs, sequence: 0 }),
  };
}

async function readPage(database: Kysely<Schema>, projectId: string, before: OperationPlace): Promise<readonly Old[]> {
  return await database
    .selectFrom('operations')
    .where('project_id', '=', projectId)
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at_ms', 'sequence'), '<', tuple(before.createdAtMs, before.sequence)),
    )
    .select(pageColumns)
    .orderBy('created_at_ms', 'desc')
    .orderBy('sequence', 'desc')
    .limit(pageRows)
    .execute();
}

/** What still needs operations that have ended. */
class Needs {
  readonly #database: Kysely<Schema>;
  readonly #projectId: string;
  readonly #newestRuns: ReadonlySet<string | null>;

  private constructor(database: Kysely<Schema>, projectId: string, newestRuns: ReadonlySet<string | null>) {
    this.#database = database;
    this.#projectId = projectId;
    this.#newestRuns = newestRuns;
  }

  static async read(database: Kysely<Schema>, projectId: string): Promise<Needs> {
    const sources = await database
      .selectFrom('sources')
      .where('project_id', '=', projectId)
      .select(['last_run_id', 'unsettled_run_id', 'held_run_id'])
      .execute();
    const runs = sources.flatMap((source) => Object.values(source)).filter((id) => id !== null);
    return new Needs(database, projectId, new Set(runs));
  }

  /** Whether an operation is the newest run of a source, or an import or verification of it. */
  isOfNewestRun({ id, parent_operation_id: parentId }: Pick<Old, 'id' | 'parent_operation_id'>): boolean {
    return this.#newestRuns.has(id) || (parentId !== null && this.#newestRuns.has(parentId));
  }

  /** Returns the operations that nothing needs. */
  async without<Each extends Old>(operations: readonly Each[]): Promise<readonly Each[]> {
    const candidates = operations.filter((row) => !this.isOfNewestRun(row));
    if (candidates.length === 0) return [];
    const ids = candidates.map(({ id }) => id);
    const needed = new Set([...(await this.#neededByRows(ids)), ...(await this.#neededByRuns(ids))]);
    return candidates.filter(({ id }) => !needed.has(id));
  }

  async #neededByRows(ids: readonly string[]): Promise<readonly string[]> {
    const rows = await this.#database
      .selectFrom('operations')
      .where('operations.id', 'in', ids)
      .where(({ eb, and, or, not, exists, selectFrom }) =>
        or([
          // The last operation of a record.
          exists(
            selectFrom('backups')
              .select('backups.backup_id')
              .whereRef('backups.last_operation_id', '=', 'operations.id')
              .where('backups.forgotten_at_ms', 'is', null),
          ),
          // The run that imported a record.
          and([
            eb('operations.kind', '=', 'scan'),
            exists(
              selectFrom('backups')
                .select('backups.backup_id')
                .where('backups.project_id', '=', this.#projectId)
                .whereRef('backups.checkpoint_id', '=', 'operations.id')
                .where('backups.forgotten_at_ms', 'is', null),
            ),
          ]),
          // What the operation has caused.
          exists(
            selectFrom('operations as child')
              .select('child.id')
              .whereRef('child.parent_operation_id', '=', 'operations.id'),
          ),
          // A source does not verify a record again that was verified already.
          and([
            eb('operations.kind', '=', 'verify'),
            eb('operations.status', '=', 'success'),
            exists(
              selectFrom('backups')
                .select('backups.backup_id')
                .where('backups.project_id', '=', this.#projectId)
                .whereRef('backups.backup_id', '=', 'operations.backup_id')
                .where('backups.forgotten_at_ms', 'is', null),
            ),
            not(
              exists(
                selectFrom('operations as later')
                  .select('later.id')
                  .where('later.project_id', '=', this.#projectId)
                  .whereRef('later.backup_id', '=', 'operations.backup_id')
                  // Not as a parameter: the index has only this kind.
                  .where('later.kind', '=', sql.lit('verify'))
                  .where('later.status', '=', 'success')
                  .whereRef('later.sequence', '>', 'operations.sequence'),
              ),
            ),
          ]),
        ]),
      )
      .select('operations.id')
      .execute();
    return rows.map(({ id }) => id);
  }

  /** The operations that belong to runs that have not ended, or have joined the newest run of a source. */
  async #neededByRuns(ids: readonly string[]): Promise<readonly string[]> {
    const joined = await this.#database
      .selectFrom('joined_imports')
      .innerJoin('operations as run', 'run.id', 'joined_imports.run_id')
      .where('joined_imports.operation_id', 'in', ids)
      .select(['joined_imports.operation_id as id', 'run.id as run_id', 'run.ended_at_ms'])
      .execute();
    const accepted = await this.#database
      .selectFrom('operations')
      .innerJoin('operations as run', 'run.id', 'operations.parent_operation_id')
      .where('operations.id', 'in', ids)
      .where('run.ended_at_ms', 'is', null)
      .select('operations.id')
      .execute();
    const needed = joined.filter((row) => row.ended_at_ms === null || this.#newestRuns.has(row.run_id));
    return [...needed, ...accepted].map(({ id }) => id);
  }
}

/** Removes operations that have no findings, and counts them by the day of their end. */
async function remove(database: Kysely<Schema>, projectId: string, operations: readonly OldEnded[]): Promise<void> {
  if (operations.length === 0) return;
  const ids = operations.map(({ id }) => id);
  await database.deleteFrom('verification_parts').where('operation_id', 'in', ids).execute();
  await database.deleteFrom('joined_imports').where('operation_id', 'in', ids).execute();
  await database.deleteFrom('joined_imports').where('run_id', 'in', ids).execute();
  await database.deleteFrom('operations').where('id', 'in', ids).execute();
  const counted = Object.values(Object.groupBy(operations, countedAs));
  await database
    .insertInto('removed_operations')
    .values(
      counted.map((same = []) => {
        const [first] = same;
        if (first === undefined) throw new Error('a group has a first operation');
        const as = { kind: kindOf(first), day: dayOf(first), status: first.status };
        return { project_id: projectId, ...as, operations: same.length };
      }),
    )
    .onConflict((conflict) =>
      conflict.columns(['project_id', 'kind', 'day', 'status']).doUpdateSet((eb) => ({
        operations: eb('removed_operations.operations', '+', eb.ref('excluded.operations')),
      })),
    )
    .execute();
}

function countedAs(operation: OldEnded): string {
  return `${kindOf(operation)} ${dayOf(operation)} ${operation.status}`;
}

/** The kind as the API calls it. */
function kindOf({ kind, source_id: sourceId }: Old): Operation['kind'] {
  return kind === 'scan' && sourceId !== null ? 'source_run' : kind;
}

function dayOf({ ended_at_ms: endedAtMs }: OldEnded): string {
  return new Date(endedAtMs).toISOString().slice(0, 10);
}

function mayHaveFindings({ kind }: Old): boolean {
  return kind === 'scan' || kind === 'plan';
}

/** Returns the ids of those scans and plans that have findings. */
async function withFindings(database: Kysely<Schema>, operations: readonly Old[]): Promise<ReadonlySet<string>> {
  if (operations.length === 0) return new Set();
  const rows = await database
    .selectFrom('operations')
    .where(
      'operations.id',
      'in',
      operations.map(({ id }) => id),
    )
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('scan_findings')
          .select('scan_findings.sequence')
          .whereRef('scan_findings.operation_id', '=', 'operations.id'),
      ),
    )
    .select('operations.id')
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** Removes findings of these scans and plans, which say from then on that they have none. */
async function removeFindings(
  database: Kysely<Schema>,
  operations: ReadonlySet<Old>,
  nowMs: number,
): Promise<{ readonly removed: number; readonly isComplete: boolean }> {
  let removed = 0;
  for (const id of await withFindings(database, [...operations])) {
    await database.updateTable('operations').set({ findings_removed_at_ms: nowMs }).where('id', '=', id).execute();
    const oldest = await database
      .selectFrom('scan_findings')
      .where('operation_id', '=', id)
      .select('sequence')
      .orderBy('sequence')
      .limit(findingsMax - removed)
      .execute();
    const ofOperation = database.deleteFrom('scan_findings').where('operation_id', '=', id);
    await ofOperation.where('sequence', '<=', oldest.at(-1)?.sequence ?? 0).execute();
    removed += oldest.length;
    if (removed === findingsMax) return { removed, isComplete: false };
  }
  return { removed, isComplete: true };
}
