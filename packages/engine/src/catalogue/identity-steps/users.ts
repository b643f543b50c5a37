import type { Role } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { UserChange, UserRecord } from '../directory-records.ts';
import { fixedQuery } from '../fixed-query.ts';
import type { User } from '../identity-records.ts';
import { oneQuery } from '../one-query.ts';
import type { Schema } from '../schema.ts';

type NewUser = {
  readonly id: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly nowMs: number;
};

const userOfName = fixedQuery((database, { name }: { name: string }) =>
  database.selectFrom('users').where('name', '=', name).selectAll(),
);

export const findUser = oneQuery({
  query: userOfName,
  values: (_, name: string) => ({ name }),
  answer: ([row]): User | null =>
    row === undefined
      ? null
      : { id: row.id, name: row.name, passwordHash: row.password_hash, disabledAtMs: row.disabled_at_ms },
});

export async function addUser(database: Kysely<Schema>, user: NewUser): Promise<'added' | 'name_taken'> {
  const { numInsertedOrUpdatedRows } = await database
    .insertInto('users')
    .values({ id: user.id, name: user.name, password_hash: user.passwordHash, created_at_ms: user.nowMs })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 0n ? 'name_taken' : 'added';
}

export function listUsers(database: Kysely<Schema>): Promise<readonly UserRecord[]> {
  return usersNamed(database, null);
}

export async function showUser(database: Kysely<Schema>, name: string): Promise<UserRecord | null> {
  return (await usersNamed(database, name))[0] ?? null;
}

async function usersNamed(database: Kysely<Schema>, name: string | null): Promise<readonly UserRecord[]> {
  const all = database.selectFrom('users').select(['id', 'name', 'created_at_ms', 'disabled_at_ms']).orderBy('name');
  const users = await (name === null ? all : all.where('name', '=', name)).execute();
  const held = database
    .selectFrom('role_assignments')
    .innerJoin('projects', 'projects.id', 'role_assignments.project_id')
    .select(['user_id', 'project_id', 'projects.name', 'role'])
    .orderBy('projects.name');
  const [one] = users;
  const roles = await (name === null || one === undefined ? held : held.where('user_id', '=', one.id)).execute();
  const ofUser = Map.groupBy(roles, (row) => row.user_id);
  return users.map((user) => ({
    id: user.id,
    name: user.name,
    createdAtMs: user.created_at_ms,
    disabledAtMs: user.disabled_at_ms,
    roles: (ofUser.get(user.id) ?? []).map((row) => ({
      projectId: row.project_id,
      projectName: row.name,
      role: row.role,
    })),
  }));
}

export async function disableUser(database: Kysely<Schema>, name: string, nowMs: number): Promise<UserChange> {
  return changeUser(database, name, async (user) => {
    if (user.disabledAtMs !== null) return 'done';
    if (await isLastAdministrator(database, user.id, null)) return 'last_administrator';
    await database.updateTable('users').set({ disabled_at_ms: nowMs }).where('id', '=', user.id).execute();
    return endTokens(database, user.id);
  });
}

export async function enableUser(database: Kysely<Schema>, name: string): Promise<UserChange> {
  return changeUser(database, name, async (user) => {
    await database.updateTable('users').set({ disabled_at_ms: null }).where('id', '=', user.id).execute();
    return 'done';
  });
}

export async function setPassword(database: Kysely<Schema>, name: string, passwordHash: string): Promise<UserChange> {
  return changeUser(database, name, async (user) => {
    await database.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', user.id).execute();
    return endTokens(database, user.id);
  });
}

export async function removeUser(database: Kysely<Schema>, name: string): Promise<UserChange> {
  return changeUser(database, name, async (user) => {
    if (await isLastAdministrator(database, user.id, null)) return 'last_administrator';
    // Roles, tokens and access keys are deleted with the row.
    await database.deleteFrom('users').where('id', '=', user.id).execute();
    return 'done';
  });
}

/** Applies a change to the user with this name, or returns `user_not_found`. */
export async function changeUser(
  database: Kysely<Schema>,
  name: string,
  change: (user: User) => Promise<UserChange>,
): Promise<UserChange> {
  const user = await findUser(database, name);
  return user === null ? 'user_not_found' : change(user);
}

/**
 * Whether this user is the only administrator who can log in; with a project, whether only by the role in that project.
 */
export async function isLastAdministrator(
  database: Kysely<Schema>,
  userId: string,
  projectId: string | null,
): Promise<boolean> {
  const administrators = await database
    .selectFrom('role_assignments')
    .innerJoin('users', 'users.id', 'role_assignments.user_id')
    .where('role', '=', 'administrator' satisfies Role)
    .where('users.disabled_at_ms', 'is', null)
    .select(['user_id', 'project_id'])
    .execute();
  // If there was none, as before the first start of a server, there is none to lose.
  return (
    administrators.length > 0 &&
    administrators.every((row) => row.user_id === userId && (projectId === null || row.project_id === projectId))
  );
}

async function endTokens(database: Kysely<Schema>, userId: string): Promise<'done'> {
  await database.deleteFrom('tokens').where('user_id', '=', userId).execute();
  return 'done';
}
