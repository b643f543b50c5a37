import type { Kysely } from 'kysely';
import { fixedQuery } from '../fixed-query.ts';
import type { TokenGround, TokenRecord } from '../identity-records.ts';
import { oneQuery } from '../one-query.ts';
import type { Schema } from '../schema.ts';
import { findRole } from './roles.ts';
import { findUser } from './users.ts';

/** Stores a token, and deletes those that had expired when it was issued. */
export async function saveToken(database: Kysely<Schema>, token: TokenRecord, ground: TokenGround): Promise<boolean> {
  await database.deleteFrom('tokens').where('expires_at_ms', '<=', token.issuedAtMs).execute();
  if (!(await stands(database, token, ground))) return false;
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
  return true;
}

async function stands(database: Kysely<Schema>, token: TokenRecord, ground: TokenGround): Promise<boolean> {
  if (ground.kind === 'token' && (await findToken(database, ground.tokenHash, token.issuedAtMs)) === null) return false;
  if (token.userId === null) return true;
  const user = await findUser(database, token.userName);
  if (user === null || user.id !== token.userId || user.disabledAtMs !== null) return false;
  if (ground.kind === 'password' && user.passwordHash !== ground.passwordHash) return false;
  return (await findRole(database, user.id, token.projectId)) === token.role;
}

const validToken = fixedQuery((database, { tokenHash, nowMs }: { tokenHash: string; nowMs: number }) =>
  database.selectFrom('tokens').where('token_hash', '=', tokenHash).where('expires_at_ms', '>', nowMs).selectAll(),
);

/**
 * Returns a token that has not expired. An expired one is left out by the query itself: sending it between threads
 * would take some 20 microseconds, and so distinguish it from a token that never existed.
 */
export const findToken = oneQuery({
  query: validToken,
  values: (_, tokenHash: string, nowMs: number) => ({ tokenHash, nowMs }),
  answer: ([row]): TokenRecord | null =>
    row === undefined
      ? null
      : {
          tokenHash: row.token_hash,
          userId: row.user_id,
          userName: row.user_name,
          kind: row.kind,
          projectId: row.project_id,
          role: row.role,
          issuedAtMs: row.issued_at_ms,
          expiresAtMs: row.expires_at_ms,
        },
});

/** Ends a token immediately. */
export async function removeToken(database: Kysely<Schema>, tokenHash: string): Promise<void> {
  await database.deleteFrom('tokens').where('token_hash', '=', tokenHash).execute();
}
