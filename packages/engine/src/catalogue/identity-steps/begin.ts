import type { Kysely } from 'kysely';
import { everything } from '../../storage/grants.ts';
import type { Project, User } from '../identity-records.ts';
import type { Schema } from '../schema.ts';
import { insertGrants } from './grants.ts';

type FirstProject = { readonly project: Project; readonly nowMs: number };
type FirstAdministrator = {
  readonly user: Omit<User, 'disabledAtMs'>;
  readonly projectId: string;
  readonly nowMs: number;
};

/** Creates the first project if there is none. */
export async function begin(database: Kysely<Schema>, { project, nowMs }: FirstProject): Promise<Project> {
  const oldest = await findOldestProject(database);
  if (oldest !== null) return oldest;

  await database.insertInto('projects').values({ id: project.id, name: project.name, created_at_ms: nowMs }).execute();
  const grant = { projectId: project.id, storageUnitId: everything, bucketName: everything, prefix: '' };
  await insertGrants(database, [grant]);
  return { id: project.id, name: project.name };
}

export async function findOldestProject(database: Kysely<Schema>): Promise<Project | null> {
  const oldest = await database
    .selectFrom('projects')
    .select(['id', 'name'])
    .orderBy('created_at_ms')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return oldest === undefined ? null : { id: oldest.id, name: oldest.name };
}

/** Creates the first user, if there is none, as administrator. */
export async function addFirstAdministrator(
  database: Kysely<Schema>,
  { user, projectId, nowMs }: FirstAdministrator,
): Promise<boolean> {
  if (await hasUsers(database)) return false;
  await database
    .insertInto('users')
    .values({ id: user.id, name: user.name, password_hash: user.passwordHash, created_at_ms: nowMs })
    .execute();
  await database
    .insertInto('role_assignments')
    .values({ user_id: user.id, project_id: projectId, role: 'administrator' })
    .execute();
  return true;
}

export async function hasUsers(database: Kysely<Schema>): Promise<boolean> {
  const user = await database.selectFrom('users').select('id').limit(1).executeTakeFirst();
  return user !== undefined;
}
