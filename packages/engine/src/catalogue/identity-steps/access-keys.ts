import type { Kysely } from 'kysely';
import type { AccessKeyRecord, IdentityDirectory } from '../../identity/directory.ts';
import type { SealedSecret } from '../../identity/secret-seal.ts';
import type { Signer } from '../../identity/store.ts';
import type { Schema } from '../schema.ts';
import { findRole } from './roles.ts';
import { findUser } from './users.ts';

type NewAccessKey = Parameters<IdentityDirectory['addAccessKey']>[0];

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

/** Null where there is no such key. One that is disabled keeps the time at which it was. */
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

export async function findSigner(database: Kysely<Schema>, accessKey: string): Promise<Signer | null> {
  const row = await database
    .selectFrom('access_keys')
    .innerJoin('users', 'users.id', 'access_keys.user_id')
    .innerJoin('role_assignments', (join) =>
      join
        .onRef('role_assignments.user_id', '=', 'access_keys.user_id')
        .onRef('role_assignments.project_id', '=', 'access_keys.project_id'),
    )
    .where('access_key', '=', accessKey)
    .where('access_keys.disabled_at_ms', 'is', null)
    .where('users.disabled_at_ms', 'is', null)
    .select(['access_key', 'sealed_secret', 'users.name', 'access_keys.project_id', 'role'])
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    accessKey: row.access_key,
    sealedSecret: row.sealed_secret,
    userName: row.name,
    projectId: row.project_id,
    role: row.role,
  };
}

export async function listSealedSecrets(database: Kysely<Schema>): Promise<readonly SealedSecret[]> {
  const rows = await database
    .selectFrom('access_keys')
    .where('disabled_at_ms', 'is', null)
    .select(['access_key', 'sealed_secret'])
    .orderBy('access_key')
    .execute();
  return rows.map((row) => ({ accessKey: row.access_key, sealedSecret: row.sealed_secret }));
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
