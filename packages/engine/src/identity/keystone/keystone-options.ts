import type { Role } from '@backup-sync/contracts';

/** An outside identity: OpenStack Keystone, or what speaks as it does. */
export type KeystoneOptions = {
  /** With the version, without a closing "/", e.g. `https://iam.example.com/v3`. */
  readonly url: string;
  /** Who this service is there, and the project that it is in. */
  readonly user: string;
  readonly password: string;
  readonly userDomain: string;
  readonly project: string;
  readonly projectDomain: string;
  /** What a role there may do here. Others open nothing. */
  readonly roles: ReadonlyMap<string, Role>;
};
