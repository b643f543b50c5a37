import type { Kysely } from 'kysely';
import type { Project } from '../../identity/store.ts';
import type { Schema } from '../schema.ts';

export async function findProject(
  database: Kysely<Schema>,
  by: { readonly id: string } | { readonly name: string },
): Promise<Project | null> {
  const projects = database.selectFrom('projects').select(['id', 'name']);
  const found = 'id' in by ? projects.where('id', '=', by.id) : projects.where('name', '=', by.name);
  const row = await found.executeTakeFirst();
  return row === undefined ? null : { id: row.id, name: row.name };
}
