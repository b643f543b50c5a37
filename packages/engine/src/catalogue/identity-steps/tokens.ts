import type { Kysely } from 'kysely';
import type { TokenRecord } from '../../identity/store.ts';
import type { Schema } from '../schema.ts';

/** Keeps a token, and sweeps out those that had ended when it was issued. */
export async function saveToken(database: Kysely<Schema>, token: TokenRecord): Promise<void> {
  await database.deleteFrom('tokens').where('expires_at_ms', '<=', token.issuedAtMs).execute();
  await database
    .insertInto('tokens')
    .values({
      token_hash: token.tokenHash,
      user_id: token.userId,
      user_name: token.userName,
      kind: token.kind,
      project_id: token.projectId,
      role: token.role,
      issued_at_ms: token.issuedAtMs,
      expires_at_ms: token.expiresAtMs,
    })
    .execute();
}

/** A token, whether it has expired or not. */
export async function findToken(database: Kysely<Schema>, tokenHash: string): Promise<TokenRecord | null> {
  const row = await database.selectFrom('tokens').where('token_hash', '=', tokenHash).selectAll().executeTakeFirst();
  if (row === undefined) return null;
  return {
    tokenHash: row.token_hash,
    userId: row.user_id,
    userName: row.user_name,
    kind: row.kind,
    projectId: row.project_id,
    role: row.role,
    issuedAtMs: row.issued_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

/** Makes a token worthless at once. */
export async function removeToken(database: Kysely<Schema>, tokenHash: string): Promise<void> {
  await database.deleteFrom('tokens').where('token_hash', '=', tokenHash).execute();
}
