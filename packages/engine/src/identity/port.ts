import { BackupSyncError } from '@backup-sync/contracts';
import type { Origin } from '../audit/origin.ts';
import type { Caller } from '../caller.ts';
import type { Project } from '../catalogue/identity-records.ts';
import type { SignedRequest } from './signed-request.ts';

export type Domain = { readonly id: string; readonly name: string };

/** The domain of everything that this installation keeps itself. */
export const ownDomain: Domain = { id: 'default', name: 'Default' };

export type ScopedProject = Project & { readonly domain: Domain };

/** A token as it is handed out, once. */
export type IssuedToken = {
  readonly token: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly project: ScopedProject;
  readonly caller: Caller;
};

/**
 * The project that a token is wanted for. Null: the oldest for a password, that of the old token for an exchange.
 * `elsewhere`: one of a domain that is not here, or for a user of such a domain; it is refused as an unknown one is.
 */
export type ProjectScope = { readonly id: string } | { readonly name: string } | 'elsewhere' | null;

/** Where a request for a token, or for its end, comes from. */
export type RequestedFrom = { readonly origin: Origin; readonly requestId: string };

export type TokenRequest = {
  readonly from: RequestedFrom;
  readonly userName: string;
  readonly password: string;
  readonly project: ProjectScope;
};

/**
 * Who may call. Doors ask it; the engine authorises what it answers.
 *
 * - `issueToken` throws `not_authenticated` alike for an unknown or disabled user, a wrong password and a project that the
 *   user has no role in: whoever guesses learns nothing. `throttled`, with the time to wait, after too many wrong ones.
 * - `exchangeToken` gives another token of the same caller, which ends when the old one does: who has got hold of a token
 *   cannot keep it alive. `not_authenticated` where the old one is not valid, or the caller has no role in the project.
 * - `authenticate` and `inspectToken` answer null for a token that is unknown, cut, ended, revoked or of someone who may not come in any
 *   more: all alike, by the same way.
 * - `authenticateSigned` throws `not_authenticated`; alike for a key that is unknown, disabled, of someone who may not
 *   come in any more, or not the one that signed. `unavailable` where the secret of the key cannot be opened here.
 * - `projectOf` answers the project that a caller may act in.
 * - `revoke` ends a token now.
 *
 * Who got a token, was refused one or ended one is in the audit once it is answered: a token that is kept or ended, in the
 * same step of the catalogue. An exchange is only if the old token
 * is valid: a stranger who makes tokens up has no name to write down, and could fill the disk with it. For the same
 * reason passwords are not once their guesses are `throttled`.
 */
export interface Identity {
  /** Address of the outside identity service that issues the tokens, with its version; null if they are issued here. */
  readonly outsideUrl: string | null;
  issueToken(request: TokenRequest): Promise<IssuedToken>;
  authenticate(token: string): Promise<Caller | null>;
  authenticateSigned(request: SignedRequest): Promise<Caller>;
  inspectToken(token: string): Promise<IssuedToken | null>;
  projectOf(caller: Caller): Promise<ScopedProject>;
  exchangeToken(token: string, scope: ProjectScope, from: RequestedFrom): Promise<IssuedToken>;
  revoke(token: string, caller: Caller, from: RequestedFrom): Promise<void>;
}

/**
 * What the operator of the machine has of the identity, whoever keeps the users.
 *
 * - `project` is the oldest project of the data directory.
 * - `operator` is the operator as a caller, with every right in a project: by its id, the oldest for null. Throws
 *   `project_not_found`.
 * - `issueSystemToken` gives a token for the operator, likewise. It is good for a day of this process, whatever the wall
 *   clock shows.
 * - `beginUsers` makes the first administrator where there is no user yet, in the name of the operator, and writes it
 *   down; it answers the password that it made up, if none was given.
 * - `checkAccessKeys` throws `SecretKeyError`, which tells the operator what to do, where an access key that is not disabled
 *   has a secret that the key at hand does not open: it could not be used.
 */
export interface OperatorIdentity {
  readonly project: Project;
  operator(name: string, projectId: string | null): Promise<Caller>;
  issueSystemToken(name: string, projectId: string | null, from: RequestedFrom): Promise<IssuedToken>;
  beginUsers(operatorName: string, password: string | null, from: RequestedFrom): Promise<string | null>;
  checkAccessKeys(): Promise<void>;
}

/** What every token that opens nothing is answered, whatever is the matter with it. */
export function badToken(): BackupSyncError {
  return new BackupSyncError('not_authenticated', 'the token is not valid, or it has expired');
}
