import type { Role } from '@backup-sync/contracts';

/** Who calls: a user with a token, or this program's own operator on the machine. */
export type Caller = {
  readonly kind: 'user' | 'system';
  readonly name: string;
  /** The one project that the caller may act in. */
  readonly projectId: string;
  readonly role: Role;
  /** When the token ends, milliseconds since 1970. Absent if the credentials do not end by themselves. */
  readonly expiresAtMs?: number;
};
