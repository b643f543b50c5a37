import type { Role } from '@backup-sync/contracts';
import type { Network } from '../../network.ts';

/** The options of an outside identity: OpenStack Keystone, or a compatible service. */
export type KeystoneOptions = {
  /** The address with the version and without a closing "/", such as `https://iam.example.com/v3`. */
  readonly url: string;
  /** The user as which this service logs in there. */
  readonly user: string;
  readonly password: string;
  readonly userDomain: string;
  readonly project: string;
  readonly projectDomain: string;
  /** The forward proxies of this process: named in the error if one cannot be reached (default: none). */
  readonly proxies?: Network['proxies'];
  /** The role here for each role there. Other roles there give no access. */
  readonly roles: ReadonlyMap<string, Role>;
};
