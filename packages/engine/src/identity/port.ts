import { BackupSyncError } from '@backup-sync/contracts';
import type { Origin } from '../audit/origin.ts';
import type { Caller } from '../context.ts';
import type { SignedRequest } from './signed-request.ts';
import type { Project } from './store.ts';

/** A token as it is handed out, once. */
export type IssuedToken = {
  readonly token: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly project: Project;
  readonly caller: Caller;
};

/** The project that a token is wanted for. Null: the oldest for a password, that of the old token for an exchange. */
export type ProjectScope = { readonly id: string } | { readonly name: string } | null;

export type TokenRequest = {
  /** Where the guess comes from, if it is one. */
  readonly from: { readonly origin: Origin; readonly requestId: string };
  readonly userName: string;
  readonly password: string;
  readonly project: ProjectScope;
};

/**
 * Who may call. Doors ask it; the engine authorises what it answers.
 *
 * - `issueToken` throws `not_authenticated` alike for an unknown or disabled user, a wrong password and a project that the
 *   user has no role in: whoever guesses learns nothing. `throttled`, with the time to wait, after too many wrong ones.
 * - `exchangeToken` gives a fresh token for the same caller; `not_authenticated` where the old one is not valid, or the
 *   caller has no role in the project.
 * - `authenticate` and `inspectToken` answer null for a token that is unknown, cut, ended, revoked or of someone who may not come in any
 *   more: all alike, by the same way.
 * - `authenticateSigned` throws `not_authenticated`; alike for a key that is unknown, disabled, of someone who may not
 *   come in any more, or not the one that signed.
 * - `projectOf` answers the project that a caller may act in.
 */
export interface Identity {
  issueToken(request: TokenRequest): Promise<IssuedToken>;
  authenticate(token: string): Promise<Caller | null>;
  authenticateSigned(request: SignedRequest): Promise<Caller>;
  inspectToken(token: string): Promise<IssuedToken | null>;
  projectOf(caller: Caller): Promise<Project>;
  exchangeToken(token: string, scope: ProjectScope): Promise<IssuedToken>;
}

/**
 * What the operator of the machine has of the identity, whoever keeps the users.
 *
 * - `project` is the oldest project of the data directory.
 * - `issueSystemToken` gives a token for the operator, with every right in that project.
 * - `beginUsers` makes the first administrator where there is no user yet; it answers the password that it made up, if
 *   none was given.
 * - `revoke` ends a token now.
 */
export interface OperatorIdentity {
  readonly project: Project;
  issueSystemToken(name: string): Promise<IssuedToken>;
  beginUsers(password: string | null): Promise<string | null>;
  revoke(token: string): Promise<void>;
}

/** What every token that opens nothing is answered, whatever is the matter with it. */
export function badToken(): BackupSyncError {
  return new BackupSyncError('not_authenticated', 'the token is not valid, or has ended');
}
