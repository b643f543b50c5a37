import type { Role } from '@backup-sync/contracts';

export type Project = { readonly id: string; readonly name: string };

export type User = { readonly id: string; readonly name: string; readonly passwordHash: string };

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

/**
 * Where the embedded identity keeps users, projects and tokens. Each method is one atomic step, on disk once it has
 * answered.
 *
 * - `begin` makes the first project, bound to every bucket, where there is none; it answers which project is the oldest.
 * - `addFirstAdministrator` makes the user administrator of the project where there is no user at all yet; it tells
 *   whether it did.
 * - `saveToken` sweeps out tokens that had ended when this one was issued.
 * - `findToken` returns a token whether it has expired or not: the caller compares with its clock.
 * - `bucketsBoundTo` answers `all`, or the names of the buckets bound to the project on that storage unit.
 */
export interface IdentityStore {
  begin(first: { readonly project: Project; readonly nowMs: number }): Promise<Project>;
  addFirstAdministrator(first: {
    readonly user: User;
    readonly projectId: string;
    readonly nowMs: number;
  }): Promise<boolean>;
  hasUsers(): Promise<boolean>;
  findUser(name: string): Promise<User | null>;
  findProject(by: { readonly id: string } | { readonly name: string }): Promise<Project | null>;
  findRole(userId: string, projectId: string): Promise<Role | null>;
  saveToken(token: TokenRecord): Promise<void>;
  findToken(tokenHash: string): Promise<TokenRecord | null>;
  removeToken(tokenHash: string): Promise<void>;
  bucketsBoundTo(projectId: string, storageUnitId: string): Promise<'all' | readonly string[]>;
}
