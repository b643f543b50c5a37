import type { Role } from '@backup-sync/contracts';
import type { SealedSecret } from './secret-seal.ts';

export type Project = { readonly id: string; readonly name: string };

export type User = {
  readonly id: string;
  readonly name: string;
  readonly passwordHash: string;
  /** Null while the user may come in. */
  readonly disabledAtMs: number | null;
};

/** A token as it is kept: its hash alone. */
export type TokenRecord = {
  /** SHA-256 of the token, hex. */
  readonly tokenHash: string;
  readonly userId: string | null;
  readonly userName: string;
  readonly kind: 'user' | 'system';
  readonly projectId: string;
  readonly role: Role;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
};

/** What a token was given for, which may be taken away while it is being made. */
export type TokenGround =
  | { readonly kind: 'password'; readonly passwordHash: string }
  | { readonly kind: 'token'; readonly tokenHash: string }
  | { readonly kind: 'operator' };

/** An access key whose holder may come in: neither of them is disabled, and the role is that of now. */
export type Signer = SealedSecret & {
  readonly userName: string;
  readonly projectId: string;
  readonly role: Role;
};

/**
 * What the embedded identity asks when someone comes in. Each method is one atomic step, on disk once it has answered.
 *
 * - `begin` makes the first project, with a grant of every bucket, where there is none; it answers which project is the
 *   oldest.
 * - `addFirstAdministrator` makes the user administrator of the project where there is no user at all yet; it tells
 *   whether it did.
 * - `saveToken` sweeps out tokens that had ended when this one was issued. It keeps nothing and answers false where the
 *   ground is gone by now: the user disabled, password or role another, the token before it ended.
 * - `findToken` answers null for a token that is unknown or had ended at `nowMs`: by the same way, and as fast.
 * - `listSealedSecrets` answers the secrets of the access keys that are not disabled, whoever has them.
 * - `findSigner` answers null for a key that is unknown or disabled, or whose user is disabled or has no role any more:
 *   likewise, and as fast as for one that signs.
 */
export interface IdentityStore {
  begin(first: { readonly project: Project; readonly nowMs: number }): Promise<Project>;
  /** Null before `begin`. */
  findOldestProject(): Promise<Project | null>;
  addFirstAdministrator(first: {
    readonly user: Omit<User, 'disabledAtMs'>;
    readonly projectId: string;
    readonly nowMs: number;
  }): Promise<boolean>;
  hasUsers(): Promise<boolean>;
  findUser(name: string): Promise<User | null>;
  findProject(by: { readonly id: string } | { readonly name: string }): Promise<Project | null>;
  findRole(userId: string, projectId: string): Promise<Role | null>;
  saveToken(token: TokenRecord, ground: TokenGround): Promise<boolean>;
  findToken(tokenHash: string, nowMs: number): Promise<TokenRecord | null>;
  removeToken(tokenHash: string): Promise<void>;
  findSigner(accessKey: string): Promise<Signer | null>;
  listSealedSecrets(): Promise<readonly SealedSecret[]>;
}
