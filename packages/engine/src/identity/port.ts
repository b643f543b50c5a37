import { BackupSyncError } from '@backup-sync/contracts';
import type { Origin } from '../audit/origin.ts';
import type { Caller } from '../caller.ts';
import type { Project } from '../catalogue/identity-records.ts';
import type { SignedRequest } from './signed-request.ts';

export type Domain = { readonly id: string; readonly name: string };

/** The domain of all users and projects that this installation stores itself. */
export const ownDomain: Domain = { id: 'default', name: 'Default' };

export type ScopedProject = Project & { readonly domain: Domain };

/** A token as it is returned when it is issued or inspected. */
export type IssuedToken = {
  readonly token: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly project: ScopedProject;
  readonly caller: Caller;
};

/**
 * The project that a token is requested for. Null: for a password, the oldest project; for an exchange, the project of
 * the old token. `elsewhere`: a project or user of an unknown domain, which is refused like an unknown project.
 */
export type ProjectScope = { readonly id: string } | { readonly name: string } | 'elsewhere' | null;

/** The origin of a request to issue or revoke a token. */
export type RequestedFrom = { readonly origin: Origin; readonly requestId: string };

export type TokenRequest = {
  readonly from: RequestedFrom;
  readonly userName: string;
  readonly password: string;
  /** `any`: the oldest project if the user has a role there, or else the first by name where the user has one. */
  readonly project: ProjectScope | 'any';
};

/** A sign-in to the web console. */
export type SignIn = Pick<TokenRequest, 'from' | 'userName' | 'password'> & {
  /** Name of the user's domain. Null: the default domain. */
  readonly domainName: string | null;
  /** Null: a project in which the user has a role. */
  readonly projectName: string | null;
};

/** A request to replace the token of a session by one for another project. */
export type ProjectSwitch = {
  readonly from: RequestedFrom;
  readonly token: string;
  readonly projectId: string;
  /** Null unless the identity service asked for it. */
  readonly password: string | null;
};

/**
 * Authenticates callers. The interfaces ask it who is calling; the engine then authorises that caller.
 *
 * The audit has an entry before a request to issue, exchange or revoke a token is answered. If a token is saved or
 * removed, the entry is written in the same step of the catalogue. These refusals leave no entry, since they could fill
 * the disk: an exchange of a token that is not valid, exchanges beyond a caller's first 100 refusals in a minute, and
 * `throttled` password attempts.
 */
export interface Identity {
  /** Address of the outside identity service that issues the tokens, with its version. Null if they are issued here. */
  readonly outsideUrl: string | null;
  /**
   * Issues a token for a user's password. Throws the same `not_authenticated` for an unknown or disabled user, a wrong
   * password, and a project where the user has no role: guessing reveals nothing. Throws `throttled`, with the time to
   * wait, after too many wrong passwords.
   */
  issueToken(request: TokenRequest): Promise<IssuedToken>;
  /**
   * Returns the caller of a token. Returns null in the same way for a token that is unknown, cut, expired, revoked, or
   * of a user who no longer has access.
   */
  authenticate(token: string): Promise<Caller | null>;
  /**
   * Returns the caller of a signed request. Throws `not_authenticated` in the same way for a key that is unknown,
   * disabled, of a user who no longer has access, or did not sign. Throws `unavailable` if the secret of the key cannot
   * be opened here.
   */
  authenticateSigned(request: SignedRequest): Promise<Caller>;
  /** Returns a token with its times, project and caller. Returns null as {@link authenticate} does. */
  inspectToken(token: string): Promise<IssuedToken | null>;
  /** Returns the project that a caller may act in. */
  projectOf(caller: Caller): Promise<ScopedProject>;
  /**
   * Issues another token for the caller of a token. It expires when the old one does, so a stolen token cannot be kept
   * alive. Throws `not_authenticated` if the old token is not valid, or the caller has no role in the project.
   */
  exchangeToken(token: string, scope: ProjectScope, from: RequestedFrom): Promise<IssuedToken>;
  /** Ends a token immediately. */
  revoke(token: string, caller: Caller, from: RequestedFrom): Promise<void>;
}

/**
 * The part of the identity for people who sign in to the web console, whichever service keeps the users. The audit has
 * an entry for each sign-in, switch and sign-out, as for {@link Identity}.
 */
export interface SessionIdentity {
  /**
   * Issues a token for a password. Throws `not_authenticated` and `throttled` as `issueToken` does, and the reason if
   * an outside identity service confirms the password, but its token gives no access here.
   */
  signIn(request: SignIn): Promise<IssuedToken>;
  /** Returns the projects in which the holder of a token has a role. Throws `not_authenticated` if it is not valid. */
  projectsOf(token: string): Promise<readonly Project[]>;
  /**
   * Issues a token for another project, and ends the old one. Throws `not_authenticated` if the old one is not valid,
   * `role_not_allowed` if its holder has no role in the project, and `password_required` if the identity service
   * exchanges no tokens, or the password is wrong.
   */
  switchProject(request: ProjectSwitch): Promise<IssuedToken>;
  /**
   * Ends a valid token. Throws `identity_elsewhere` if the identity service that issued it does not revoke it.
   */
  signOut(token: string, from: RequestedFrom): Promise<void>;
}

/** The part of the identity for the owner of the data directory, whichever service keeps the users. */
export interface OperatorIdentity {
  /** The oldest project of the data directory. */
  readonly project: Project;
  /** Returns the operator as administrator of a project: by id, or the oldest for null. Throws `project_not_found`. */
  operator(name: string, projectId: string | null): Promise<Caller>;
  /**
   * Issues a token for the operator, for a project as in {@link operator}. It is valid for 24 hours of this process,
   * whatever the wall clock shows; with other nodes, by the clock that all of them use.
   */
  issueSystemToken(name: string, projectId: string | null, from: RequestedFrom): Promise<IssuedToken>;
  /**
   * Creates the first administrator if there is no user yet, as the operator, with an audit event. Returns the
   * generated password if none was given, otherwise null.
   */
  beginUsers(operatorName: string, password: string | null, from: RequestedFrom): Promise<string | null>;
  /**
   * Checks that the secret of every enabled access key can be opened. Throws `SecretKeyError`, which says what to do,
   * if one cannot: that key could not be used.
   */
  checkAccessKeys(): Promise<void>;
}

/** The refusal of a password, user or project, with the same words for each. */
export function wrongCredentials(): BackupSyncError {
  return new BackupSyncError('not_authenticated', 'the user name, the password or the project is wrong');
}

/** The refusal of a switch to a project that does not exist, or where the user has no role. */
export function noRoleIn(projectId: string): BackupSyncError {
  return new BackupSyncError(
    'role_not_allowed',
    `the user has no role in the project ${JSON.stringify(projectId)}; any role is enough to switch to it`,
  );
}

/** The refusal of every token that is not valid, whatever the reason. */
export function badToken(): BackupSyncError {
  return new BackupSyncError('not_authenticated', 'the token is not valid, or it has expired');
}
