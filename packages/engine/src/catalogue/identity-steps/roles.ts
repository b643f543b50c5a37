import type { Role } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { UserChange } from '../directory-records.ts';
import { fixedQuery } from '../fixed-query.ts';
import { oneQuery } from '../one-query.ts';
import type { Schema } from '../schema.ts';
import { findProject } from './projects.ts';
import { changeUser, isLastAdministrator } from './users.ts';

const roleIn = fixedQuery((database, { userId, projectId }: { userId: string; projectId: string }) =>
  database
    .selectFrom('role_assignments')
    .where('user_id', '=', userId)
    .where('project_id', '=', projectId)
    .select('role'),
);

export const findRole = oneQuery({
  query: roleIn,
  values: (_, userId: string, projectId: string) => ({ userId, projectId }),
  answer: ([row]): Role | null => row?.role ?? null,
});

/**
 * Gives a user a role in a project, instead of any role before. Tokens carry their role, so those with another role
 * end.
 */
export async function assignRole(
  database: Kysely<Schema>,
  userName: string,
  projectId: string,
  role: Role,
): Promise<UserChange> {
  return changeUser(database, userName, async (user) => {
    if ((await findProject(database, { id: projectId })) === null) return 'project_not_found';
    const before = await findRole(database, user.id, projectId);
    if (before === role) return 'done';
    if (await isLastAdministrator(database, user.id, projectId)) return 'last_administrator';
    await database
      .insertInto('role_assignments')
      .values({ user_id: user.id, project_id: projectId, role })
      .onConflict((conflict) => conflict.columns(['user_id', 'project_id']).doUpdateSet({ role }))
      .execute();
    return endTokensIn(database, user.id, projectId);
  });
}

export async function withdrawRole(database: Kysely<Schema>, userName: string, projectId: string): Promise<UserChange> {
  return changeUser(database, userName, async (user) => {
    const before = await findRole(database, user.id, projectId);
    if (before === null) return 'role_not_found';
    if (await isLastAdministrator(database, user.id, projectId)) return 'last_administrator';
    await database
      .deleteFrom('role_assignments')
      .where('user_id', '=', user.id)
      .where('project_id', '=', projectId)
      .execute();
    return endTokensIn(database, user.id, projectId);
  });
}

async function endTokensIn(database: Kysely<Schema>, userId: string, projectId: string): Promise<'done'> {
  await database.deleteFrom('tokens').where('user_id', '=', userId).where('project_id', '=', projectId).execute();
  return 'done';
}
