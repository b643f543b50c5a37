import type { Role } from '@backup-sync/contracts';
import { type Kysely, sql } from 'kysely';
import type { AccessKeyRecord } from '../directory-records.ts';
import { type SealedSecret, type SoughtSigner, sealOwnerOf } from '../identity-records.ts';
import type { Schema } from '../schema.ts';
import { findRole } from './roles.ts';
import { findUser } from './users.ts';

type NewAccessKey = {
  readonly accessKey: string;
  readonly userName: string;
  readonly projectId: string;
  readonly sealedSecret: string;
  readonly nowMs: number;
};

export async function addAccessKey(
  database: Kysely<Schema>,
  key: NewAccessKey,
): Promise<'added' | 'user_not_found' | 'role_not_found'> {
  const user = await findUser(database, key.userName);
  if (user === null) return 'user_not_found';
  if ((await findRole(database, user.id, key.projectId)) === null) return 'role_not_found';
  await database
    .insertInto('access_keys')
    .values({
      access_key: key.accessKey,
      user_id: user.id,
      project_id: key.projectId,
      sealed_secret: key.sealedSecret,
      created_at_ms: key.nowMs,
    })
    .execute();
  return 'added';
}

export async function listAccessKeys(database: Kysely<Schema>): Promise<readonly AccessKeyRecord[]> {
  const rows = await keys(database).orderBy('access_keys.created_at_ms').orderBy('access_key').execute();
  return rows.map(rowToAccessKey);
}

/** Disables an access key; null if there is none. A second call keeps the first time. */
export async function disableAccessKey(
  database: Kysely<Schema>,
  accessKey: string,
  nowMs: number,
): Promise<AccessKeyRecord | null> {
  await database
    .updateTable('access_keys')
    .set({ disabled_at_ms: nowMs })
    .where('access_key', '=', accessKey)
    .where('disabled_at_ms', 'is', null)
    .execute();
  const row = await keys(database).where('access_key', '=', accessKey).executeTakeFirst();
  return row === undefined ? null : rowToAccessKey(row);
}

/**
 * Looks up an access key, its user and the role, and returns one row whether they exist or not. So the work, and the
 * data sent between threads, is the same for every key.
 */
export async function seekSigner(database: Kysely<Schema>, accessKey: string): Promise<SoughtSigner> {
  const text = <Column extends string>(column: Column) => sql<string>`coalesce(${sql.ref(column)}, '')`;
  const row = await database
    .selectFrom(sql<{ access_key: string }>`(select ${accessKey} as access_key)`.as('sought'))
    .leftJoin('access_keys', 'access_keys.access_key', 'sought.access_key')
    .leftJoin('users', (join) => join.on('users.id', '=', text('access_keys.user_id')))
    .leftJoin('role_assignments', (join) =>
      join
        .on('role_assignments.user_id', '=', text('access_keys.user_id'))
        .on('role_assignments.project_id', '=', text('access_keys.project_id')),
    )
    .select([
      text('access_keys.sealed_secret').as('sealed_secret'),
      text('users.name').as('name'),
      text('access_keys.project_id').as('project_id'),
      sql<Role | ''>`coalesce(role_assignments.role, '')`.as('role'),
      sql<number>`case when coalesce(access_keys.disabled_at_ms, users.disabled_at_ms) is null then 0 else 1 end`.as(
        'disabled',
      ),
    ])
    .executeTakeFirstOrThrow();
  const { sealed_secret: sealedSecret, name: userName, project_id: projectId, role, disabled } = row;
  return { accessKey, sealedSecret, userName, projectId, role, disabled };
}

export async function listSealedSecrets(database: Kysely<Schema>): Promise<readonly SealedSecret[]> {
  const rows = await database
    .selectFrom('access_keys')
    .where('disabled_at_ms', 'is', null)
    .select(['access_key', 'sealed_secret'])
    .orderBy('access_key')
    .execute();
  const hooks = await database.selectFrom('hooks').select(['id', 'sealed_secret']).orderBy('id').execute();
  return [
    ...rows.map((row) => ({ owner: row.access_key, sealedSecret: row.sealed_secret })),
    ...hooks.map((row) => ({ owner: sealOwnerOf(row.id), sealedSecret: row.sealed_secret })),
  ];
}

function keys(database: Kysely<Schema>) {
  return database
    .selectFrom('access_keys')
    .innerJoin('users', 'users.id', 'access_keys.user_id')
    .select(['access_key', 'users.name', 'project_id', 'access_keys.created_at_ms', 'access_keys.disabled_at_ms']);
}

function rowToAccessKey(row: {
  readonly access_key: string;
  readonly name: string;
  readonly project_id: string;
  readonly created_at_ms: number;
  readonly disabled_at_ms: number | null;
}): AccessKeyRecord {
  return {
    accessKey: row.access_key,
    userName: row.name,
    projectId: row.project_id,
    createdAtMs: row.created_at_ms,
    disabledAtMs: row.disabled_at_ms,
  };
}
