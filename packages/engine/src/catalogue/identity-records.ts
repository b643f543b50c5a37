import type { Role } from '@backup-sync/contracts';

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

/** The secret of an access key, as it is kept. */
export type SealedSecret = { readonly accessKey: string; readonly sealedSecret: string };

/** An access key whose holder may come in: neither of them is disabled, and the role is that of now. */
export type Signer = SealedSecret & {
  readonly userName: string;
  readonly projectId: string;
  readonly role: Role;
};

/** What stands under an access key, with empty texts where nothing does. */
export type SoughtSigner = Omit<Signer, 'role'> & { readonly role: Role | ''; readonly disabled: number };

/** Whoever may sign. Without a key or a user there is no role. */
export function signerOf({ role, disabled, ...signer }: SoughtSigner): Signer | null {
  return role === '' || disabled !== 0 ? null : { ...signer, role };
}
