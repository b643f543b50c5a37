import type { Role } from '@backup-sync/contracts';

export type Project = { readonly id: string; readonly name: string };

export type User = {
  readonly id: string;
  readonly name: string;
  readonly passwordHash: string;
  /** Null while the user can log in. */
  readonly disabledAtMs: number | null;
};

/** A token as it is stored: only its hash is kept. */
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

/** The condition for issuing a token. It may no longer hold once the token has been created. */
export type TokenGround =
  | { readonly kind: 'password'; readonly passwordHash: string }
  | { readonly kind: 'token'; readonly tokenHash: string }
  | { readonly kind: 'operator' };

/** A secret as it is stored. */
export type SealedSecret = {
  /** An access key, or a hook as `sealOwnerOf` names it. */
  readonly owner: string;
  readonly sealedSecret: string;
};

/** No access key contains a space. */
const hookOwner = 'hook ';

/** The owner of the secret of a hook. */
export function sealOwnerOf(hookId: string): string {
  return `${hookOwner}${hookId}`;
}

/** Whether the owner of a secret is a hook, and not an access key. */
export function isHookOwner(owner: string): boolean {
  return owner.startsWith(hookOwner);
}

/** Number of sealed secrets by what they belong to. */
export type SealedCounts = { readonly accessKeys: number; readonly hooks: number };

export function countSealed(secrets: readonly SealedSecret[]): SealedCounts {
  const hooks = secrets.filter(({ owner }) => isHookOwner(owner)).length;
  return { accessKeys: secrets.length - hooks, hooks };
}

/** An access key that can sign requests: neither it nor its user is disabled, and the role is the current one. */
export type Signer = {
  readonly accessKey: string;
  readonly sealedSecret: string;
  readonly userName: string;
  readonly projectId: string;
  readonly role: Role;
};

/** The result of looking up an access key. Its strings are empty if there is no such key. */
export type SoughtSigner = Omit<Signer, 'role'> & { readonly role: Role | ''; readonly disabled: number };

/** Turns a lookup into a signer; null if the key or its user is disabled, or there is no such key, user or role. */
export function signerOf({ role, disabled, ...signer }: SoughtSigner): Signer | null {
  return role === '' || disabled !== 0 ? null : { ...signer, role };
}
