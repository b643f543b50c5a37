import type { Role } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { User } from '../../identity/store.ts';
import type { Schema } from '../schema.ts';

export async function findUser(database: Kysely<Schema>, name: string): Promise<User | null> {
  const row = await database
    .selectFrom('users')
    .where('name', '=', name)
    .select(['id', 'name', 'password_hash'])
    .executeTakeFirst();
  return row === undefined ? null : { id: row.id, name: row.name, passwordHash: row.password_hash };
}

export async function findRole(database: Kysely<Schema>, userId: string, projectId: string): Promise<Role | null> {
  const row = await database
    .selectFrom('role_assignments')
    .where('user_id', '=', userId)
    .where('project_id', '=', projectId)
    .select('role')
    .executeTakeFirst();
  return row === undefined ? null : row.role;
}
