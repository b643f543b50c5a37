import type { Kysely } from 'kysely';
import type { BucketGrant } from '../bucket-grant.ts';
import type { ProjectRecord } from '../directory-records.ts';
import type { Project } from '../identity-records.ts';
import type { Schema } from '../schema.ts';
import { endGrantOfEverything } from './grants.ts';

export async function findProject(
  database: Kysely<Schema>,
  by: { readonly id: string } | { readonly name: string },
): Promise<Project | null> {
  const projects = database.selectFrom('projects').select(['id', 'name']);
  const found = 'id' in by ? projects.where('id', '=', by.id) : projects.where('name', '=', by.name);
  const row = await found.executeTakeFirst();
  return row === undefined ? null : { id: row.id, name: row.name };
}

export async function addProject(
  database: Kysely<Schema>,
  project: ProjectRecord,
): Promise<readonly BucketGrant[] | 'name_taken'> {
  const { numInsertedOrUpdatedRows } = await database
    .insertInto('projects')
    .values({ id: project.id, name: project.name, created_at_ms: project.createdAtMs })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 0n ? 'name_taken' : endGrantOfEverything(database);
}

/** The projects in which a user has a role, by name. */
export async function listProjectsOf(database: Kysely<Schema>, userId: string): Promise<readonly Project[]> {
  return database
    .selectFrom('role_assignments')
    .innerJoin('projects', 'projects.id', 'role_assignments.project_id')
    .where('role_assignments.user_id', '=', userId)
    .select(['projects.id', 'projects.name'])
    .orderBy('projects.name')
    .execute();
}

export async function listProjects(database: Kysely<Schema>): Promise<readonly ProjectRecord[]> {
  const rows = await database.selectFrom('projects').selectAll().orderBy('name').execute();
  return rows.map((row) => ({ id: row.id, name: row.name, createdAtMs: row.created_at_ms }));
}
