import type { Kysely } from 'kysely';
import { differencesOf } from '../differences.ts';
import { lockParts, lockProjects } from '../locks.ts';
import type { Schema } from '../schema.ts';

/** Locks a source: what it has seen, and its runs. */
export async function lockSource(database: Kysely<Schema>, sourceId: string): Promise<void> {
  const projectId = await projectOf(database, sourceId);
  if (projectId !== null) await lockParts(database, projectId, () => [['source', sourceId]]);
}

/** Locks the source of a run. */
export async function lockSourceOfRun(database: Kysely<Schema>, runId: string): Promise<void> {
  if (differencesOf(database).takeLocks === null) return;
  const run = await database.selectFrom('operations').where('id', '=', runId).select('source_id').executeTakeFirst();
  if (run !== undefined && run.source_id !== null) await lockSource(database, run.source_id);
}

/** Locks everything of the project of a source. */
export async function lockProjectOfSource(database: Kysely<Schema>, sourceId: string): Promise<void> {
  const projectId = await projectOf(database, sourceId);
  if (projectId !== null) await lockProjects(database, () => [projectId]);
}

/** Null if there is no such source, or no lock is needed. */
async function projectOf(database: Kysely<Schema>, sourceId: string): Promise<string | null> {
  if (differencesOf(database).takeLocks === null) return null;
  const row = await database.selectFrom('sources').where('id', '=', sourceId).select('project_id').executeTakeFirst();
  return row?.project_id ?? null;
}
